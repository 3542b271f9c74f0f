//! What guessing a secret costs in tests that start the program hundreds of times. Tests of the window and of the
//! command line pay the full price.

use skranke_app::Costs;
use skranke_store::key::envelope::PassphraseCost;

const LEAST: PassphraseCost = PassphraseCost {
    memory_kib: 8,
    passes: 1,
};

pub(crate) const CHEAP: Costs = Costs {
    password: LEAST,
    opening: LEAST,
};
