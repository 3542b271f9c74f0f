//! The life of a case, told as the law and practice tell it.
