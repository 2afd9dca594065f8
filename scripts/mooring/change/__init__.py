"""What differs between two releases, what it means, and whether it may go out. Pure: no I/O, no clock."""
