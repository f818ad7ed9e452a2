//! Placeholder of the house; filled by its first commit.
