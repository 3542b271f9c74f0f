//! Nothing personal leaves the encrypted store: not in an error, a log line, a file name or a byte on the disk.

use std::path::{Path, PathBuf};

use skranke_app::AppError;
use skranke_app::api::case::{CaseListRequest, Decision, NoteRequest, RevealRequest};
use skranke_app::api::draft::{AttachRequest, CprCheckRequest};
use skranke_app::api::paper::PaperRequest;
use skranke_testkit::files::scanned_pdf;

use crate::office::{Office, refusal};

/// Marked facts that are nobody's: a public example number, and names that occur nowhere else.
const MARKS: [&str; 8] = [
    "2211771212",
    "221177-1212",
    "Sentinelsen",
    "Vidnesen",
    "Vaergesen",
    "Hemmeligvej",
    "99 88 77 66",
    "Begrundelsesord",
];

fn marks_in(bytes: &[u8]) -> Vec<&'static str> {
    let found = |mark: &&str| {
        bytes
            .windows(mark.len())
            .any(|window| window == mark.as_bytes())
    };
    MARKS.into_iter().filter(found).collect()
}

fn files_under(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).expect("a folder").flatten() {
            if entry.path().is_dir() {
                folders.push(entry.path());
            }
            files.push(entry.path());
        }
    }
    files
}

#[test]
fn marked_facts_stay_inside_through_every_failing_journey() {
    let office = Office::open();
    let mut errors: Vec<AppError> = Vec::new();
    let mut note = |error: Option<AppError>| errors.push(error.expect("a failing journey"));
    let scans = tempfile::tempdir().expect("a folder of the citizen's own");
    let scan = scans.path().join("Sentinelsen fuldmagt.pdf");
    let mut marked_scan = scanned_pdf();
    marked_scan.splice(9..9, b"% Sentinelsen 2211771212\n".iter().copied());
    std::fs::write(&scan, &marked_scan).expect("written");
    let attach = |draft: Option<String>, case: Option<String>, path: &Path| {
        office.app.attach(AttachRequest {
            draft_id: draft,
            case_id: case,
            purpose: "signed_request".to_owned(),
            path: Some(path.to_string_lossy().into_owned()),
        })
    };
    let marked = || {
        office
            .draft()
            .set("cpr", "221177-1212")
            .set("citizen_name", "Kaj Sentinelsen")
            .set("citizen_address", "Hemmeligvej 1\n9990 Solbjerg")
            .set("phone", "99 88 77 66")
            .set("signing_method", "unable")
            .set("unable_reason", "Begrundelsesord")
            .set("witness_name", "Ida Vidnesen")
            .gone_through()
    };

    // Given and when: a story in which everything that can be refused is refused
    for (field, wrong) in [
        ("citizen_name", "Sentinelsen".repeat(2_000)),
        ("phone", "Sentinelsen 2211771212".repeat(1_000)),
    ] {
        note(marked().set(field, &wrong).try_save().err());
    }
    for hole in ["declared", "witness_name", "id_checked", "unopened_post"] {
        note(marked().without(hole).grant().err());
    }
    note(marked().set("cpr", "Sentinelsen 2211771212").grant().err());
    note(marked().set("channel", "Sentinelsen").grant().err());
    note(
        marked()
            .set("channel", "guardian")
            .set("guardian_name", "Bo Vaergesen")
            .grant()
            .err(),
    );
    note(
        marked()
            .decide_confirming(Decision::Grant { duration: None }, false)
            .err(),
    );
    note(
        marked()
            .decide(Decision::Grant {
                duration: Some("Sentinelsen".to_owned()),
            })
            .err(),
    );
    note(
        marked()
            .decide(Decision::Reject {
                reason: "Sentinelsen".to_owned(),
                next_step: "2211771212".to_owned(),
            })
            .err(),
    );
    note(
        marked()
            .decide(Decision::HelpInstead {
                offer: "Sentinelsen".to_owned(),
            })
            .err(),
    );
    note(marked().decide(refusal("")).err());
    let sheet = marked().save();
    note(attach(Some("Sentinelsen".to_owned()), None, &scan).err());
    note(
        attach(
            Some(sheet.id.clone()),
            None,
            &scans.path().join("2211771212.pdf"),
        )
        .err(),
    );
    attach(Some(sheet.id.clone()), None, &scan).expect("attached");
    let case = sheet.grant().expect("granted").row.id;
    let list = |query: &str| CaseListRequest {
        query: query.to_owned(),
        filter: "all".to_owned(),
        after: Some("Sentinelsen".to_owned()),
        purpose: None,
    };
    note(office.app.case_list(list("Sentinelsen")).err());
    note(
        office
            .app
            .case_list(CaseListRequest {
                after: None,
                // A birthday: one's own open case is found by the whole number without saying why.
                ..list("221177")
            })
            .err(),
    );
    note(
        office
            .app
            .case_list(CaseListRequest {
                filter: "Sentinelsen".to_owned(),
                ..list("")
            })
            .err(),
    );
    note(office.show_because("2211771212", None).err());
    note(
        office
            .show_because(&case, Some("Sentinelsen"))
            .err()
            .or_else(|| office.show_because("Sentinelsen", None).err()),
    );
    note(office.journalise("Sentinelsen", "2211771212").err());
    note(
        office
            .give_receipt(&case, "Sentinelsen", "2211771212")
            .err(),
    );
    note(office.undo(&case, "Sentinelsen", "2211771212").err());
    note(office.undo(&case, "receipt", "Sentinelsen").err());
    note(
        office
            .app
            .note_add(NoteRequest {
                case_id: case.clone(),
                text: "Sentinelsen ".repeat(400),
            })
            .err(),
    );
    office
        .app
        .note_add(NoteRequest {
            case_id: case.clone(),
            text: "Begrundelsesord om Sentinelsen".to_owned(),
        })
        .expect("noted");
    note(
        office
            .app
            .reveal(RevealRequest {
                case_id: case.clone(),
                what: "Sentinelsen".to_owned(),
                purpose: "contact".to_owned(),
            })
            .err(),
    );
    let paper = PaperRequest {
        case_id: Some(case.clone()),
        draft_id: None,
        kind: "Sentinelsen".to_owned(),
        large_print: false,
        enclosure: false,
    };
    note(office.app.paper_preview(paper).err());
    note(office.preview(&case, "refusal").err());
    let odd = serde_json::json!({ "cpr": ["2211771212", "Sentinelsen"] });
    note(skranke_app::dispatch(&office.app, "cpr_check", odd).err());
    office
        .app
        .cpr_check(CprCheckRequest {
            cpr: "2211771212".to_owned(),
        })
        .expect("checked");

    // Then no error says anything of it, on screen or in the log
    assert!(errors.len() > 25, "{} journeys failed", errors.len());
    for error in &errors {
        let shown = error.to_ui();
        let told = format!("{} {error} {error:?} {shown:?}", error.log_line());
        assert_eq!(marks_in(told.as_bytes()), [""; 0], "{}", error.code.code());
    }

    // And the paper's proposed file name says nothing either
    let proposed = office
        .preview(&case, "interim_paper")
        .expect("made")
        .file_name;
    assert_eq!(marks_in(proposed.as_bytes()), [""; 0], "{proposed}");

    // And no file name and no byte under the program's folder holds it, before and after the program ends
    let nothing_in_the_open = |folder: &Path| {
        let files = files_under(folder);
        let mut read = 0;
        for path in files {
            assert_eq!(marks_in(path.to_string_lossy().as_bytes()), [""; 0]);
            if path.is_file() {
                let bytes = std::fs::read(&path).expect("read");
                read += bytes.len();
                assert_eq!(marks_in(&bytes), [""; 0], "{}", path.display());
            }
        }
        assert!(read > 100_000, "{read} bytes were looked at");
    };
    nothing_in_the_open(office.folder.path());
    let Office { app, folder, .. } = office;
    drop(app);
    nothing_in_the_open(folder.path());
}

#[test]
fn the_search_for_marks_finds_them_where_they_are() {
    assert_eq!(marks_in(b"navn: Kaj Sentinelsen"), ["Sentinelsen"]);
    assert!(marks_in(&scanned_pdf()).is_empty());
}

#[test]
fn debug_texts_of_views_with_personal_facts_do_not_exist() {
    // Draft and case views have no `Debug`: nobody can print one into a log. What can be printed tells nothing.
    let office = Office::open();
    let case = office
        .draft()
        .set("citizen_name", "Kaj Sentinelsen")
        .grant()
        .expect("granted");
    let state = office.app.start_state(()).expect("shown");

    let printed = format!("{state:?} {:?} {:?}", case.ticks, case.proof);

    assert_eq!(marks_in(printed.as_bytes()), [""; 0]);
}

#[test]
fn no_receipt_names_a_ground_whatever_the_municipality_writes_on_it() {
    // Given a municipality that has written a ground of an older rule set on its receipt
    let folder = tempfile::tempdir().expect("a folder");
    let letters = folder.path().join("forms/letters");
    std::fs::create_dir_all(&letters).expect("a folder");
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../forms");
    let rules: toml::Table = std::fs::read_to_string(shipped.join("rules/a.toml"))
        .expect("the rule set")
        .parse()
        .expect("TOML");
    let ground = rules["ground"][0]["text"].as_str().expect("a ground");
    for code in ["exemption_receipt", "interim_paper"] {
        let file = format!("{code}.toml");
        let text = std::fs::read_to_string(shipped.join("letters").join(&file)).expect("there");
        let text = format!("{text}\n[[section]]\nheading = \"Derfor\"\nbullets = [\"{ground}\"]\n");
        std::fs::write(letters.join(&file), text).expect("written");
    }
    let clock = skranke_app::Clock::fixed(skranke_testkit::danish(crate::office::MORNING));
    let forms = Some(folder.path().join("forms"));
    let app = crate::office::started(folder.path(), &clock, forms).expect("the demo starts");
    let office = Office { app, clock, folder };
    office.sign_in("karin");

    // When it is printed
    let case = office.granted().row.id;
    let interim = office.preview(&case, "interim_paper");
    office.register(&case).expect("registered");
    let receipt = office.preview(&case, "exemption_receipt");

    // Then no paper comes out
    for paper in [interim, receipt] {
        let error = paper.err().expect("must be refused");
        assert_eq!(error.code.code(), "document_failed");
    }
}
