"""What the dispatcher says next. A leaf: it knows nothing of rows, HTTP requests of ours or the clock on the wall."""
