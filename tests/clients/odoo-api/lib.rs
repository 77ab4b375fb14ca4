//! Nothing: the work is in the test.
