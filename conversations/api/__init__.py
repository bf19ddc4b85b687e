"""The API's view of conversations, and what a program may do in one."""
