//! The municipality's profile over HTTP: who may edit it, what is taken, and that nobody's edit is written over.

use skranke_forms::{Forms, Profile};
use skranke_protocol::problem::ProblemCode;
use skranke_protocol::wire::{MAX_PROFILE_BYTES, ProfileSaveRequest, edition_digest};
use skranke_sync::SyncError;

use super::client::refused;
use super::town::{Town, session};
use crate::office::TENANT;
use crate::on_both::{Kind, on_both};

on_both!(
    an_edit_is_kept_with_author_and_reason_and_every_device_fetches_it,
    the_second_administrator_on_the_same_base_is_told_and_the_first_ones_edit_stands,
);

fn edited(edition: u32, edit: impl Fn(&mut Profile)) -> ProfileSaveRequest {
    let forms = Forms::embedded().unwrap();
    let mut profile = forms.profile("demo").unwrap().clone();
    profile.edition = edition;
    edit(&mut profile);
    ProfileSaveRequest {
        based_on: edition.saturating_sub(1),
        text: profile.to_toml().unwrap(),
        initials: "AK".to_owned(),
        reason: "Nyt telefonnummer".to_owned(),
    }
}

fn phone(edition: u32, number: &str) -> ProfileSaveRequest {
    edited(edition, |profile| {
        number.clone_into(&mut profile.contact_phone)
    })
}

fn an_edit_is_kept_with_author_and_reason_and_every_device_fetches_it(kind: Kind) {
    let town = Town::on(kind);
    let (client, laptop) = town.counter(1, &["administrator"]);
    let (other, _) = town.counter(2, &["counter"]);
    let person = client
        .sign_in(&session(&laptop, &["administrator"]))
        .unwrap();
    let unedited = other.status().unwrap();
    assert_eq!(
        (unedited.profile_edition, unedited.profile_digest),
        (0, None)
    );

    let first = client
        .save_profile(&person, &phone(1, "70 11 22 33"))
        .unwrap();
    let second = client
        .save_profile(&person, &phone(2, "70 44 55 66"))
        .unwrap();

    let status = other.status().unwrap();
    let digest = edition_digest(2, &second.text, "AK", "Nyt telefonnummer");
    assert_eq!(
        (status.profile_edition, status.profile_digest),
        (2, Some(digest))
    );
    assert_eq!(other.profiles(0).unwrap(), [first, second.clone()]);
    assert_eq!(other.profiles(1).unwrap(), std::slice::from_ref(&second));
    assert_eq!(
        (second.initials.as_str(), second.reason.as_str()),
        ("AK", "Nyt telefonnummer")
    );
    assert_eq!(second.staff_id.as_uuid(), laptop.staff.as_uuid());
    let audit = town.operator().audit(TENANT, None, 100).unwrap();
    let edits: Vec<_> = audit
        .iter()
        .filter(|row| row.action == "profile_edited")
        .map(|row| row.detail.as_str())
        .collect();
    assert_eq!(edits, ["1", "2"]);
}

#[test]
fn only_an_administrator_may_edit_the_profile() {
    let town = Town::new();
    for (seed, role) in [
        (1, "counter"),
        (2, "outreach"),
        (3, "exemption_unit"),
        (4, "lead"),
        (5, "auditor"),
    ] {
        let (client, laptop) = town.counter(seed, &[role]);
        let person = client.sign_in(&session(&laptop, &[role])).unwrap();
        assert_eq!(
            refused(client.save_profile(&person, &phone(1, "70 11 22 33"))),
            ProblemCode::NotPermitted,
            "{role}"
        );
    }
    assert_eq!(town.operator().newest_edition(TENANT).unwrap(), 0);
}

fn the_second_administrator_on_the_same_base_is_told_and_the_first_ones_edit_stands(kind: Kind) {
    let town = Town::on(kind);
    let (one, first) = town.counter(1, &["administrator"]);
    let (other, second) = town.counter(2, &["administrator"]);
    let person_one = one.sign_in(&session(&first, &["administrator"])).unwrap();
    let person_other = other
        .sign_in(&session(&second, &["administrator"]))
        .unwrap();
    let won = one
        .save_profile(&person_one, &phone(1, "70 11 22 33"))
        .unwrap();

    let late = other.save_profile(&person_other, &phone(1, "70 99 88 77"));
    let ahead = other.save_profile(&person_other, &phone(3, "70 99 88 77"));

    assert_eq!(refused(late), ProblemCode::StateMismatch);
    assert_eq!(refused(ahead), ProblemCode::StateMismatch);
    assert_eq!(other.profiles(0).unwrap(), std::slice::from_ref(&won));
    let again = one
        .save_profile(&person_one, &phone(1, "70 11 22 33"))
        .unwrap();
    assert_eq!(
        again, won,
        "the same again, as after a lost answer, is no second edit"
    );
    assert_eq!(town.operator().newest_edition(TENANT).unwrap(), 1);
}

#[test]
fn what_a_profile_file_may_not_say_an_edit_may_not_say_either() {
    let town = Town::new();
    let (client, laptop) = town.counter(1, &["administrator"]);
    let person = client
        .sign_in(&session(&laptop, &["administrator"]))
        .unwrap();
    let twice = edited(1, |profile| {
        profile.locations[1].code = profile.locations[0].code.clone()
    });
    let script = edited(1, |profile| {
        profile.national_tool = "javascript:alert(1)".to_owned()
    });
    let misspelt = ProfileSaveRequest {
        text: phone(1, "70 11 22 33").text.replace("mask_cpr", "mask_crp"),
        ..phone(1, "70 11 22 33")
    };
    let unexplained = ProfileSaveRequest {
        reason: " ".to_owned(),
        ..phone(1, "70 11 22 33")
    };
    let misnumbered = ProfileSaveRequest {
        based_on: 4,
        ..phone(1, "70 11 22 33")
    };
    let elsewhere = edited(1, |profile| profile.municipality_code = "101".to_owned());

    for (what, request) in [
        ("a code twice", twice),
        ("an address that is none", script),
        ("a misspelt key", misspelt),
        ("no reason", unexplained),
        ("another number than its text says", misnumbered),
        ("another municipality", elsewhere),
    ] {
        let answer = client.save_profile(&person, &request);
        assert_eq!(refused(answer), ProblemCode::BadParameter, "{what}");
    }
    let huge = ProfileSaveRequest {
        text: "#".repeat(3 * MAX_PROFILE_BYTES),
        ..phone(1, "70 11 22 33")
    };
    assert_eq!(
        refused(client.save_profile(&person, &huge)),
        ProblemCode::TooLarge
    );
    assert_eq!(town.operator().newest_edition(TENANT).unwrap(), 0);

    client
        .save_profile(&person, &phone(1, "70 11 22 33"))
        .unwrap();
    let mut other_town = Forms::embedded()
        .unwrap()
        .profile("koebenhavn")
        .unwrap()
        .clone();
    other_town.edition = 2;
    let other_town = ProfileSaveRequest {
        text: other_town.to_toml().unwrap(),
        ..phone(2, "70 11 22 33")
    };
    assert_eq!(
        refused(client.save_profile(&person, &other_town)),
        ProblemCode::BadParameter
    );
}

#[test]
fn a_device_without_a_person_reads_the_profile_and_cannot_edit_it() {
    let town = Town::new();
    let (client, laptop) = town.counter(1, &["administrator"]);
    let person = client
        .sign_in(&session(&laptop, &["administrator"]))
        .unwrap();
    let (other, _) = town.counter(2, &["counter"]);

    // A grant is bound to its device: another device cannot use it.
    let stolen = other.save_profile(&person, &phone(1, "70 11 22 33"));

    assert!(
        matches!(stolen, Err(SyncError::Refused { .. })),
        "{stolen:?}"
    );
    assert_eq!(other.profiles(0).unwrap(), []);
}
