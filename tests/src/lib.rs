//! Placeholder of the house.
