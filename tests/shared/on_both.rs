//! Tests that get a kind of database, each of them run on both.

/// Which database a central store keeps its records in.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Sqlite,
    Postgres,
}

/// Makes two tests of each function named, which takes a `Kind`.
macro_rules! on_both {
    ($($name:ident,)+) => {
        mod on_sqlite {
            $(#[test]
            fn $name() {
                super::$name(super::Kind::Sqlite);
            })+
        }
        mod on_postgres {
            $(#[test]
            fn $name() {
                super::$name(super::Kind::Postgres);
            })+
        }
    };
}

pub(crate) use on_both;
