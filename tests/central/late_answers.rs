//! A central store that answers late: meanwhile the person at the desk has gone on.

use skranke_app::App;
use skranke_app::Clock;
use skranke_app::api::draft::{DraftRef, DraftSaveRequest, DraftView, FieldValue};
use skranke_testkit::invariants;
use skranke_testkit::network::{Fault, Line, Trouble};
use skranke_testkit::patience::wait_until;

use crate::bad_lines::{HURRY, LOOK_UP};
use crate::faults::{COUNTER, Told, world};
use crate::{Town, draft_of, grant};

const GRETHE: &str = "1604483984";
const BODIL: &str = "2304483984";

fn opened(app: &App, draft: &str) -> DraftView {
    let id = draft.to_owned();
    app.draft_open(DraftRef { id }).unwrap()
}

/// Types values over those of a draft.
fn types(app: &App, draft: &str, values: &[(&str, FieldValue)]) {
    let mut fields = opened(app, draft).fields;
    fields.extend(
        values
            .iter()
            .map(|(id, value)| ((*id).to_owned(), value.clone())),
    );
    let request = DraftSaveRequest {
        id: draft.to_owned(),
        step: 2,
        fields,
    };
    app.draft_save(request).unwrap();
}

#[test]
fn a_look_up_that_is_overtaken_by_another_number_tells_nothing_and_keeps_no_address() {
    // Given a citizen whose protected address is known here, and look-ups that hang
    let mut town = Town::new();
    let line = Line::to(town.address);
    town.address = line.address();
    let app = town.counter_at(COUNTER, Clock::System.hurried(HURRY));
    let text = |text: &str| FieldValue::Text(text.to_owned());
    let before = draft_of(&app, GRETHE, "Grethe Poulsen");
    types(
        &app,
        &before,
        &[("address_protected", FieldValue::Flag(true))],
    );
    grant(&app, before);
    app.sync_now(()).unwrap();
    line.suffers(Fault::in_each(Trouble::HalfOpen, LOOK_UP));

    // When another number is typed while her look-up is on its way
    let draft = app.draft_new(()).unwrap().id;
    let seen = ("id_checked", FieldValue::Flag(true));
    types(&app, &draft, &[("cpr", text(GRETHE)), seen.clone()]);
    let known = std::thread::scope(|scope| {
        let id = draft.clone();
        let asked = scope.spawn(|| app.citizen_known(DraftRef { id }));
        wait_until("the look-up", || line.befallen() > 0);
        types(&app, &draft, &[("cpr", text(BODIL)), seen]);
        asked.join().unwrap().unwrap()
    });

    // Then the late answer is nobody's: it tells nothing, and her address is not in the other one's draft
    assert!(!known.shown && !known.address_hidden && known.name.is_empty());
    assert!(known.cases.is_empty());
    assert!(!opened(&app, &draft).address_hidden);
    let kept = app.draft_reveal(DraftRef { id: draft }).unwrap();
    assert_eq!(kept.text, "");
    let all = world(&town, &Told::default(), &[], false);
    invariants::hold(&all, "after a look-up that was overtaken");
}
