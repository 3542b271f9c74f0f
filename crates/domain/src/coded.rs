//! Enums that are stored and sent as words: one macro, so that the word of a variant is written once.

/// Declares an enum whose variants each have a fixed code, with `ALL`, `code` and `from_code`.
macro_rules! coded {
    ($(#[$doc:meta])* $vis:vis enum $name:ident { $($(#[$vdoc:meta])* $variant:ident => $code:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        $vis enum $name { $($(#[$vdoc])* $variant,)+ }

        impl $name {
            /// Every variant, in the order of declaration.
            $vis const ALL: &'static [$name] = &[$($name::$variant),+];

            /// The code that is stored and sent; it never changes.
            $vis const fn code(self) -> &'static str {
                match self { $($name::$variant => $code),+ }
            }

            /// The variant with this code.
            $vis fn from_code(code: &str) -> Option<$name> {
                match code { $($code => Some($name::$variant),)+ _ => None }
            }
        }
    };
}

pub(crate) use coded;
