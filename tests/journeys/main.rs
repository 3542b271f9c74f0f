//! Journeys: stories from the counter, told over the real program with a folder of its own and a clock that stands
//! still until it is moved. One file for each story; tests are named after the rows of the seeds they show.

#[path = "../shared/cheap.rs"]
mod cheap;
mod office;

mod abandoned;
mod access;
mod address_protection;
mod bad_fields;
mod bad_files;
mod bad_store;
mod citizens;
mod coming_instead;
mod companion;
mod completing;
mod copies;
mod correction;
mod decision_letters;
mod drafts;
mod guardian;
mod guidance;
mod later_life;
mod on_paper;
mod ordinary;
mod outreach;
mod pin;
mod recovery;
mod registration;
mod representative;
mod roles;
mod rule_library;
mod secrecy;
mod sessions;
mod set_up;
mod starting;
mod today;
mod who_came;
mod window_answers;

#[path = "../shared/pdf_words.rs"]
mod pdf_words;
