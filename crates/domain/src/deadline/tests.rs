//! Deadlines against the tables of the spec, the stories of practice, and as properties.

use chrono::Days;
use proptest::prelude::*;

use super::*;
use crate::calendar::{CalendarProfile, LocalClosing, OpeningHours};

const KL: CalendarProfile = CalendarProfile::Kl;
const COPENHAGEN: CalendarProfile = CalendarProfile::Copenhagen;
const STRICT: CalendarProfile = CalendarProfile::Strict;

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// An instant from a Danish wall-clock time.
fn at(text: &str) -> DateTime<Utc> {
    let local: chrono::NaiveDateTime = format!("{text}:00").parse().unwrap();
    danish_time::first_instant_of(local.date(), local.time())
}

fn on(start: &str, rule: &str) -> Deadline {
    Deadline::new(rule.parse().unwrap(), Start::On(date(start))).unwrap()
}

fn from(start: &str, rule: &str) -> Deadline {
    Deadline::new(rule.parse().unwrap(), Start::At(at(start))).unwrap()
}

fn due(deadline: &Deadline, profile: CalendarProfile) -> Due {
    match deadline.clock(&Calendar::new(profile)) {
        Clock::Running(due) => due,
        Clock::Paused { since } => panic!("paused since {since}"),
    }
}

#[test]
fn working_and_calendar_days_fall_as_the_table_says() {
    // Spec, domain 8.4: start, +7 base / strict, +10 base / strict, +10 calendar days.
    // 'Base' is the church's holidays alone; Copenhagen adds only 1 May, which none of these spans meets.
    for (start, seven, seven_strict, ten, ten_strict, calendar_days) in [
        (
            "2014-06-26",
            "2014-07-07",
            "2014-07-07",
            "2014-07-10",
            "2014-07-10",
            "2014-07-06",
        ),
        (
            "2014-10-24",
            "2014-11-04",
            "2014-11-04",
            "2014-11-07",
            "2014-11-07",
            "2014-11-03",
        ),
        (
            "2014-12-19",
            "2015-01-02",
            "2015-01-06",
            "2015-01-07",
            "2015-01-09",
            "2014-12-29",
        ),
        (
            "2025-04-10",
            "2025-04-24",
            "2025-04-24",
            "2025-04-29",
            "2025-04-29",
            "2025-04-20",
        ),
        (
            "2025-05-22",
            "2025-06-03",
            "2025-06-03",
            "2025-06-06",
            "2025-06-10",
            "2025-06-01",
        ),
        (
            "2025-05-27",
            "2025-06-06",
            "2025-06-10",
            "2025-06-12",
            "2025-06-13",
            "2025-06-06",
        ),
        (
            "2025-12-17",
            "2025-12-30",
            "2026-01-02",
            "2026-01-05",
            "2026-01-07",
            "2025-12-27",
        ),
        (
            "2026-03-27",
            "2026-04-10",
            "2026-04-10",
            "2026-04-15",
            "2026-04-15",
            "2026-04-06",
        ),
        (
            "2026-12-18",
            "2026-12-30",
            "2027-01-04",
            "2027-01-05",
            "2027-01-07",
            "2026-12-28",
        ),
    ] {
        assert_eq!(
            due(&on(start, "7-hverdage"), COPENHAGEN).on,
            date(seven),
            "{start} + 7"
        );
        assert_eq!(
            due(&on(start, "7-hverdage"), STRICT).on,
            date(seven_strict),
            "{start} + 7"
        );
        assert_eq!(
            due(&on(start, "10-hverdage"), COPENHAGEN).on,
            date(ten),
            "{start} + 10"
        );
        assert_eq!(
            due(&on(start, "10-hverdage"), STRICT).on,
            date(ten_strict),
            "{start} + 10"
        );
        assert_eq!(
            due(&on(start, "10-dage"), KL).on,
            date(calendar_days),
            "{start} + 10 days"
        );
    }
}

#[test]
fn store_bededag_and_labour_day_are_counted_as_the_year_and_profile_say() {
    // 5 May 2023 was the last Store Bededag; 26 April 2024 would have been the next.
    assert_eq!(
        due(&on("2023-04-26", "7-hverdage"), STRICT).on,
        date("2023-05-08")
    );
    assert_eq!(
        due(&on("2023-04-26", "10-hverdage"), STRICT).on,
        date("2023-05-11")
    );
    assert_eq!(
        due(&on("2024-04-17", "7-hverdage"), STRICT).on,
        date("2024-04-26")
    );
    assert_eq!(
        due(&on("2024-04-17", "10-hverdage"), STRICT).on,
        date("2024-05-01")
    );
    assert_eq!(
        due(&on("2024-04-17", "10-hverdage"), KL).on,
        date("2024-05-01")
    );
    assert_eq!(
        due(&on("2024-04-17", "10-hverdage"), COPENHAGEN).on,
        date("2024-05-02")
    );
    for (start, rule, expected) in [
        ("2023-04-26", "7-hverdage", "2023-05-08"),
        ("2023-04-26", "10-hverdage", "2023-05-11"),
        ("2023-04-26", "10-dage", "2023-05-06"),
        ("2024-04-17", "7-hverdage", "2024-04-26"),
        ("2024-04-17", "10-dage", "2024-04-27"),
    ] {
        assert_eq!(
            due(&on(start, rule), KL).on,
            date(expected),
            "{start} {rule}"
        );
    }
}

#[test]
fn a_general_enquiry_counts_ten_days_from_complete_information() {
    // Practice 8: received 17 December 2025, information complete on the 19th, due on the 29th.
    assert_eq!(
        Policy::GeneralEnquiry.counts_from(),
        CountsFrom::ReceiptAndCompleteInformation
    );
    let rule = Policy::GeneralEnquiry.default_rule();
    let complete = Deadline::new(rule, Start::On(date("2025-12-19"))).unwrap();
    let waited = Deadline::new(rule, Start::At(at("2025-12-17T10:00")))
        .unwrap()
        .with_pause(Pause::between(at("2025-12-17T11:00"), at("2025-12-19T09:00")).unwrap());

    assert_eq!(due(&complete, KL).on, date("2025-12-29"));
    assert_eq!(
        due(&waited, KL).on,
        date("2025-12-29"),
        "waiting for the citizen comes to the same"
    );
}

#[test]
fn a_mayors_enquiry_is_due_as_the_profile_says_whatever_is_forwarded() {
    // Practice 8. Forwarding is no input of a deadline, so it can move neither.
    for (profile, draft, answer) in [
        (KL, "2026-01-02", "2026-01-07"),
        (COPENHAGEN, "2025-12-30", "2026-01-05"),
    ] {
        let of = |policy: Policy| {
            Deadline::new(policy.default_rule(), Start::On(date("2025-12-17"))).unwrap()
        };
        assert_eq!(due(&of(Policy::EnquiryDraft), profile).on, date(draft));
        assert_eq!(due(&of(Policy::EnquiryAnswer), profile).on, date(answer));
    }
}

#[test]
fn the_day_of_receipt_counts_where_the_profile_says_so() {
    let of = |start| on(start, "7-hverdage").with_first_day(FirstDay::ReceiptIsDayOne);

    assert_eq!(due(&of("2026-11-02"), KL).on, date("2026-11-10"));
    assert_eq!(
        due(&of("2026-11-01"), KL).on,
        date("2026-11-10"),
        "a Sunday counts for nothing"
    );
}

#[test]
fn ten_days_that_end_on_a_closed_day_stay_and_are_marked() {
    let sunday = due(&on("2025-04-10", "10-dage"), KL);

    assert_eq!(sunday.on, date("2025-04-20"), "Easter Sunday");
    assert_eq!(sunday.warning, Some(DueWarning::EndsOnClosedDay));
    assert_eq!(sunday.next_working_day, Some(date("2025-04-22")));
    assert_eq!(
        sunday.act_by,
        at("2025-04-16T16:00"),
        "the last closing before Easter"
    );
}

#[test]
fn working_days_are_due_at_closing_time() {
    let normal = due(&on("2026-11-02", "7-hverdage"), KL);
    let half = due(&on("2026-05-27", "7-hverdage"), KL);

    assert_eq!((normal.at, normal.warning), (at("2026-11-11T16:00"), None));
    assert_eq!(
        (half.on, half.at),
        (date("2026-06-05"), at("2026-06-05T12:00")),
        "a half day"
    );
}

#[test]
fn twenty_four_hours_are_literal_and_warn_outside_opening_hours() {
    let weekday = due(&from("2026-11-03T14:00", "24-timer"), KL);
    assert_eq!(
        (weekday.at, weekday.act_by, weekday.warning),
        (at("2026-11-04T14:00"), at("2026-11-04T14:00"), None,)
    );

    let friday = due(&from("2026-11-06T14:00", "24-timer"), KL);
    assert_eq!(friday.at, at("2026-11-07T14:00"), "Saturday, all the same");
    assert_eq!(
        friday.act_by,
        at("2026-11-06T16:00"),
        "due before closing when it falls outside"
    );
    assert_eq!(friday.warning, Some(DueWarning::OutsideOpeningHours));
    assert_eq!(friday.next_working_day, Some(date("2026-11-09")));
    assert!(
        Calendar::new(KL).is_open_at(friday.alarm_at),
        "alarmed in opening hours"
    );
}

#[test]
fn twenty_four_hours_from_friday_evening_have_no_opening_hours_at_all() {
    let evening = due(&from("2026-11-06T18:00", "24-timer"), KL);

    assert_eq!(evening.warning, Some(DueWarning::NoOpeningBeforeDue));
    assert_eq!(evening.act_by, evening.at);
    assert_eq!(
        evening.alarm_at,
        at("2026-11-09T08:00"),
        "at the next opening"
    );
}

#[test]
fn twenty_four_hours_over_the_change_of_clocks_are_twenty_four() {
    assert_eq!(
        due(&from("2026-03-28T14:00", "24-timer"), KL).at,
        at("2026-03-29T15:00")
    );
    assert_eq!(
        due(&from("2026-10-24T14:00", "24-timer"), KL).at,
        at("2026-10-25T13:00")
    );
}

#[test]
fn hours_need_a_time_of_day() {
    let refused = Deadline::new(Rule::Hours(24), Start::On(date("2026-11-02")));

    assert_eq!(refused, Err(DeadlineError::HoursNeedATime));
}

#[test]
fn the_date_of_receipt_is_the_danish_one() {
    // Half past midnight in Copenhagen is still the evening before in Greenwich.
    let night = from("2026-11-03T00:30", "7-hverdage");

    assert_eq!(
        due(&night, KL).on,
        due(&on("2026-11-03", "7-hverdage"), KL).on
    );
}

#[test]
fn the_clock_stands_still_while_the_citizen_is_awaited() {
    let waiting =
        from("2026-11-02T10:00", "10-hverdage").with_pause(Pause::since(at("2026-11-04T10:00")));
    let calendar = Calendar::new(KL);
    assert_eq!(
        waiting.clock(&calendar),
        Clock::Paused {
            since: at("2026-11-04T10:00")
        }
    );
    assert_eq!(
        waiting.state_at(at("2027-02-01T10:00"), &calendar),
        DeadlineState::Paused
    );

    // Two days used on the 4th; the answer comes on the 16th, which is day 0 again, so eight more from the 17th.
    let answered = from("2026-11-02T10:00", "10-hverdage")
        .with_pause(Pause::between(at("2026-11-04T10:00"), at("2026-11-16T09:00")).unwrap());
    assert_eq!(due(&answered, KL).on, date("2026-11-26"));
}

#[test]
fn a_question_answered_the_same_day_moves_no_day() {
    let plain = from("2026-11-02T10:00", "10-hverdage");
    let paused = plain
        .clone()
        .with_pause(Pause::between(at("2026-11-04T09:00"), at("2026-11-04T15:00")).unwrap());

    assert_eq!(due(&paused, KL), due(&plain, KL));
}

#[test]
fn overlapping_pauses_stop_the_hours_once() {
    let paused = from("2026-11-03T09:00", "24-timer")
        .with_pause(Pause::between(at("2026-11-03T12:00"), at("2026-11-03T14:00")).unwrap())
        .with_pause(Pause::between(at("2026-11-03T10:00"), at("2026-11-03T13:00")).unwrap())
        .with_pause(Pause::between(at("2026-11-03T10:30"), at("2026-11-03T11:00")).unwrap());

    assert_eq!(
        due(&paused, KL).at,
        at("2026-11-04T13:00"),
        "four hours stood still"
    );
}

#[test]
fn a_pause_after_the_due_time_cannot_mend_it() {
    let late =
        from("2026-11-02T10:00", "7-hverdage").with_pause(Pause::since(at("2026-12-01T10:00")));

    assert_eq!(due(&late, KL).on, date("2026-11-11"));
    assert_eq!(
        late.state_at(at("2026-12-02T10:00"), &Calendar::new(KL)),
        DeadlineState::Red
    );
    assert_eq!(
        Pause::between(at("2026-11-02T10:00"), at("2026-11-01T10:00")),
        Err(DeadlineError::PauseEndsBeforeItBegins)
    );
}

#[test]
fn a_deadline_turns_amber_eight_working_hours_before_and_red_after() {
    let deadline = on("2026-11-02", "7-hverdage");
    let calendar = Calendar::new(KL);

    for (now, state) in [
        ("2026-11-02T09:00", DeadlineState::Green),
        ("2026-11-10T15:59", DeadlineState::Green),
        ("2026-11-10T23:00", DeadlineState::Amber),
        ("2026-11-11T08:00", DeadlineState::Amber),
        ("2026-11-11T16:00", DeadlineState::Amber),
        ("2026-11-11T16:01", DeadlineState::Red),
    ] {
        assert_eq!(deadline.state_at(at(now), &calendar), state, "{now}");
    }
}

#[test]
fn the_alarm_of_a_limit_in_the_holidays_comes_before_them() {
    // Ten days from 15 December end on Christmas Day; the last working day is the 23rd.
    let christmas = due(&on("2025-12-15", "10-dage"), KL);

    assert_eq!(christmas.act_by, at("2025-12-23T16:00"));
    assert_eq!(christmas.alarm_at, at("2025-12-23T08:00"));
}

#[test]
fn local_closing_days_move_working_days() {
    let calendar = Calendar::new(KL)
        .with_local_closings([LocalClosing::all_day(date("2026-11-04"), "Flytning")]);

    let Clock::Running(due) = on("2026-11-02", "7-hverdage").clock(&calendar) else {
        panic!()
    };
    assert_eq!(due.on, date("2026-11-12"));
}

#[test]
fn rules_read_back_as_written() {
    for text in ["7-hverdage", "10-dage", "24-timer", "3660-timer"] {
        assert_eq!(text.parse::<Rule>().unwrap().to_string(), text);
    }
    for (text, error) in [
        ("", RuleError::UnknownUnit),
        ("10", RuleError::UnknownUnit),
        ("10-uger", RuleError::UnknownUnit),
        ("10 hverdage", RuleError::UnknownUnit),
        ("0-dage", RuleError::NumberOutOfRange),
        ("-dage", RuleError::NumberOutOfRange),
        ("+3-dage", RuleError::NumberOutOfRange),
        ("3661-dage", RuleError::NumberOutOfRange),
        ("99999999999-dage", RuleError::NumberOutOfRange),
    ] {
        assert_eq!(text.parse::<Rule>(), Err(error), "{text:?}");
    }
}

#[test]
fn policies_have_the_lengths_of_the_seeds() {
    for (policy, rule, class, strength) in [
        (
            Policy::EnquiryDraft,
            "7-hverdage",
            DeadlineClass::SetByMunicipality,
            Strength::Firm,
        ),
        (
            Policy::EnquiryAnswer,
            "10-hverdage",
            DeadlineClass::SetByMunicipality,
            Strength::Firm,
        ),
        (
            Policy::GeneralEnquiry,
            "10-dage",
            DeadlineClass::ServiceGoal,
            Strength::AimedAt,
        ),
        (
            Policy::CallBack,
            "24-timer",
            DeadlineClass::ServiceGoal,
            Strength::Firm,
        ),
        (
            Policy::PartyAccess,
            "7-hverdage",
            DeadlineClass::SetByMunicipality,
            Strength::Firm,
        ),
    ] {
        assert_eq!(policy.default_rule().to_string(), rule);
        assert_eq!((policy.class(), policy.strength()), (class, strength));
        assert_eq!(Policy::from_code(policy.code()), Some(policy));
    }
}

fn any_calendar() -> impl Strategy<Value = Calendar> {
    let opening = prop::sample::select(vec![(8, 16), (10, 13), (7, 18)]);
    (prop::sample::select(CalendarProfile::ALL), opening).prop_map(|(profile, (opens, closes))| {
        let time = |hour| chrono::NaiveTime::from_hms_opt(hour, 0, 0).unwrap();
        let days = [
            chrono::Weekday::Mon,
            chrono::Weekday::Tue,
            chrono::Weekday::Wed,
        ]
        .into_iter()
        .chain([chrono::Weekday::Thu, chrono::Weekday::Fri])
        .map(|day| (day, time(opens), time(closes)));
        Calendar::new(profile).with_opening_hours(OpeningHours::new(days).unwrap())
    })
}

fn any_instant() -> impl Strategy<Value = DateTime<Utc>> {
    // 1990 to 2100, to the minute.
    (10_500_000_i64..68_000_000)
        .prop_map(|minutes| DateTime::<Utc>::from_timestamp(minutes * 60, 0).unwrap())
}

fn any_rule() -> impl Strategy<Value = Rule> {
    prop_oneof![
        (1_u16..60).prop_map(Rule::WorkingDays),
        (1_u16..90).prop_map(Rule::CalendarDays),
        (1_u16..500).prop_map(Rule::Hours),
    ]
}

fn running(deadline: &Deadline, calendar: &Calendar) -> Due {
    match deadline.clock(calendar) {
        Clock::Running(due) => due,
        Clock::Paused { since } => panic!("paused since {since}"),
    }
}

fn one_more(rule: Rule) -> Rule {
    match rule {
        Rule::WorkingDays(days) => Rule::WorkingDays(days + 1),
        Rule::CalendarDays(days) => Rule::CalendarDays(days + 1),
        Rule::Hours(hours) => Rule::Hours(hours + 1),
    }
}

proptest! {
    #[test]
    fn one_more_is_later(calendar in any_calendar(), start in any_instant(), rule in any_rule()) {
        let due_of = |rule| running(&Deadline::new(rule, Start::At(start)).unwrap(), &calendar);

        prop_assert!(due_of(rule).at < due_of(one_more(rule)).at);
        prop_assert!(due_of(rule).on <= due_of(one_more(rule)).on);
        prop_assert!(due_of(rule).on >= danish_time::date_at(start));
    }

    #[test]
    fn a_later_start_is_never_due_earlier(
        calendar in any_calendar(),
        start in any_instant(),
        minutes in 0_i64..200_000,
        rule in any_rule(),
    ) {
        let due_of = |start| running(&Deadline::new(rule, Start::At(start)).unwrap(), &calendar);

        prop_assert!(due_of(start).at <= due_of(start + TimeDelta::minutes(minutes)).at);
    }

    #[test]
    fn working_days_land_on_a_working_day_and_count_right(
        calendar in any_calendar(),
        start in any_instant(),
        days in 1_u16..60,
    ) {
        let rule = Rule::WorkingDays(days);
        let due = running(&Deadline::new(rule, Start::At(start)).unwrap(), &calendar);
        let received_on = danish_time::date_at(start);
        let counted = received_on
            .iter_days()
            .skip(1)
            .take_while(|date| *date <= due.on)
            .filter(|date| calendar.is_working_day(*date))
            .count();

        prop_assert!(calendar.is_working_day(due.on));
        prop_assert_eq!(counted, usize::from(days));
        prop_assert_eq!(due.next_working_day, None);
    }

    #[test]
    fn calendar_days_and_hours_are_plain_sums(
        calendar in any_calendar(),
        start in any_instant(),
        number in 1_u16..90,
    ) {
        let due_of = |rule| running(&Deadline::new(rule, Start::At(start)).unwrap(), &calendar);

        let day = danish_time::date_at(start) + Days::new(number.into());
        prop_assert_eq!(due_of(Rule::CalendarDays(number)).on, day);
        prop_assert_eq!(due_of(Rule::Hours(number)).at, start + TimeDelta::hours(number.into()));
    }

    #[test]
    fn the_alarm_comes_in_opening_hours_and_in_time(
        calendar in any_calendar(),
        start in any_instant(),
        rule in any_rule(),
    ) {
        let deadline = Deadline::new(rule, Start::At(start)).unwrap();
        let due = running(&deadline, &calendar);

        prop_assert!(calendar.is_open_at(due.alarm_at));
        prop_assert!(due.act_by <= due.at && due.alarm_at >= start);
        if due.warning != Some(DueWarning::NoOpeningBeforeDue) {
            prop_assert!(due.alarm_at <= due.act_by);
            prop_assert!(calendar.is_open_at(due.act_by));
            prop_assert_eq!(deadline.state_at(due.alarm_at, &calendar), DeadlineState::Amber);
            let left = calendar.working_time_between(due.alarm_at, due.act_by);
            prop_assert!(left <= TimeDelta::hours(AMBER_WORKING_HOURS));
        }
    }

    #[test]
    fn pauses_only_delay_and_their_order_is_of_no_matter(
        calendar in any_calendar(),
        start in any_instant(),
        rule in any_rule(),
        pauses in prop::collection::vec((0_i64..50_000, 0_i64..20_000), 0..5),
    ) {
        let plain = Deadline::new(rule, Start::At(start)).unwrap();
        let pauses: Vec<_> = pauses
            .into_iter()
            .map(|(after, length)| {
                let begins = start + TimeDelta::minutes(after);
                Pause::between(begins, begins + TimeDelta::minutes(length)).unwrap()
            })
            .collect();
        let paused = pauses.iter().fold(plain.clone(), |deadline, pause| deadline.with_pause(*pause));
        let other_order = pauses.iter().rev().fold(plain.clone(), |deadline, pause| deadline.with_pause(*pause));

        prop_assert!(running(&plain, &calendar).at <= running(&paused, &calendar).at);
        prop_assert_eq!(paused.clock(&calendar), other_order.clock(&calendar));
    }

    #[test]
    fn a_state_only_gets_worse(
        calendar in any_calendar(),
        start in any_instant(),
        rule in any_rule(),
        minutes in prop::collection::vec(0_i64..200_000, 2..6),
    ) {
        let deadline = Deadline::new(rule, Start::At(start)).unwrap();
        let mut minutes = minutes;
        minutes.sort_unstable();
        let states: Vec<_> = minutes
            .into_iter()
            .map(|after| deadline.state_at(start + TimeDelta::minutes(after), &calendar))
            .collect();

        prop_assert!(states.is_sorted(), "green, then amber, then red: {:?}", states);
    }
}

#[test]
fn a_deadline_of_no_days_is_due_on_the_day_it_begins() {
    // Not as text, which begins at one; a value can still be made.
    for rule in [Rule::WorkingDays(0), Rule::CalendarDays(0)] {
        let deadline = Deadline::new(rule, Start::On(date("2014-06-26"))).unwrap();
        assert_eq!(due(&deadline, KL).on, date("2014-06-26"));
    }
}
