"""A dispatcher of rules: works with every other one down."""
