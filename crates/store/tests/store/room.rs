//! Room on the disk: the ballast gives way when it is needed.

use std::fs;

use skranke_store::{Options, Store};

use crate::scratch::{Scratch, now};

#[test]
fn the_ballast_is_laid_once_and_released_on_demand() {
    let scratch = Scratch::new();
    let options = Options {
        ballast_bytes: 3_000_000,
        ..Options::default()
    };
    let store = Store::open(scratch.path(), &scratch.key, options, now()).unwrap();

    store.lay_ballast().unwrap();
    store.lay_ballast().unwrap();
    let laid = fs::metadata(scratch.path().join("ballast")).unwrap().len();
    let released = store.release_ballast().unwrap();

    assert_eq!((laid, released), (3_000_000, 3_000_000));
    assert!(!scratch.path().join("ballast").exists());
    assert_eq!(
        store.release_ballast().unwrap(),
        0,
        "there is nothing to release twice"
    );
}
