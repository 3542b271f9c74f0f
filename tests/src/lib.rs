//! Shared by the test binaries of this package: the real window, driven as staff drive it.

pub mod window;
