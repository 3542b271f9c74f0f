//! PostgreSQL that ends transactions because of others: each is run again from its beginning, the desktop notices
//! nothing, and nothing is there twice.
//!
//! The database is made to do so by itself, as often as asked and with either of its two reasons: at a statement that
//! writes, at the commit, and where something is only read.
//! Basis: sync-and-speed, section 7 (every transaction is a retryable function).

use skranke_protocol::envelope::SealedEvent;
use skranke_protocol::problem::ProblemCode;
use skranke_protocol::wire::{PushBatch, Verdict};
use skranke_testkit::invariants::{self, Desktop, World};
use skranke_testkit::postgres::Cluster;

use super::raw::{proof_with, send};
use super::town::Town;
use crate::in_words::central_in_words;
use crate::office::TENANT;
use crate::on_both::Kind;

const DATABASE: &str = "skranke";
/// A serialization failure and a deadlock, by PostgreSQL's codes.
const REASONS: [&str; 2] = ["40001", "40P01"];
/// Each transaction is run five times at most.
const TIMES: u32 = 4;

/// Where in a transaction it is ended.
#[derive(Clone, Copy, Debug)]
enum Where {
    /// Right after a row was written.
    Statement,
    /// When it commits, with everything written.
    Commit,
    /// While somebody is looked up who only reads.
    Reading,
}

/// A database that ends transactions until this is dropped.
struct Ending<'c> {
    cluster: &'c Cluster,
    place: Where,
    times: u32,
}

/// Ends a writing transaction; a sequence counts, because no rollback takes its numbers back.
const AT_A_WRITE: &str = "
    CREATE SEQUENCE ending.times;
    CREATE FUNCTION ending.at_a_write() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
    BEGIN
      IF nextval('ending.times') <= current_setting('ending.wanted')::bigint THEN
        RAISE EXCEPTION 'ended' USING ERRCODE = current_setting('ending.reason');
      END IF;
      RETURN NULL;
    END $$;";

/// Ends a transaction that only reads, where no sequence moves: locks of the session count, which outlive it.
const AT_A_READ: &str = "
    CREATE FUNCTION ending.at_a_read() RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER AS $$
    DECLARE
      ended bigint := (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = 40001);
    BEGIN
      IF current_setting('transaction_read_only')::boolean
         AND ended < current_setting('ending.wanted')::bigint THEN
        PERFORM pg_advisory_lock(40001, ended::int);
        RAISE EXCEPTION 'ended' USING ERRCODE = current_setting('ending.reason');
      END IF;
      RETURN true;
    END $$;
    CREATE POLICY ending ON device AS RESTRICTIVE USING (ending.at_a_read());";

impl<'c> Ending<'c> {
    /// Ends so many transactions that write to a table, or read who asks.
    fn begin(cluster: &'c Cluster, place: Where, table: &str, reason: &str, times: u32) -> Self {
        let asked = |function: &str| {
            format!(
                "ALTER FUNCTION {function} SET ending.wanted = '{times}';
                 ALTER FUNCTION {function} SET ending.reason = '{reason}';"
            )
        };
        let trigger = |when: &str| {
            let function = asked("ending.at_a_write");
            format!(
                "{AT_A_WRITE} {function}
                 CREATE CONSTRAINT TRIGGER ending AFTER INSERT ON {table}
                   DEFERRABLE INITIALLY {when} FOR EACH ROW EXECUTE FUNCTION ending.at_a_write();"
            )
        };
        let made = match place {
            Where::Statement => trigger("IMMEDIATE"),
            Where::Commit => trigger("DEFERRED"),
            Where::Reading => format!("{AT_A_READ} {}", asked("ending.at_a_read")),
        };
        let schema = "CREATE SCHEMA ending; GRANT USAGE ON SCHEMA ending TO PUBLIC;";
        cluster.administer(DATABASE, &format!("{schema} {made}"));
        Self {
            cluster,
            place,
            times,
        }
    }

    /// How many it has ended.
    fn ended(&self) -> u32 {
        let asked = match self.place {
            Where::Reading => {
                "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = 40001"
            }
            Where::Statement | Where::Commit => {
                "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM ending.times"
            }
        };
        let told = self.cluster.administer(DATABASE, asked);
        // What was let through counts on.
        told.trim().parse::<u32>().unwrap().min(self.times)
    }
}

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        let gone = "DROP SCHEMA ending CASCADE";
        self.cluster.administer(DATABASE, gone);
    }
}

/// Everything that was acknowledged is there once, and all else holds.
fn holds(town: &Town, acknowledged: &[SealedEvent], story: &str) {
    let operator = town.operator();
    assert_eq!(operator.alarms(TENANT).unwrap(), [], "{story}");
    let world = World {
        desktops: vec![Desktop {
            name: "the counter".to_owned(),
            confirmed: acknowledged.iter().map(|event| *event.hash()).collect(),
            events: acknowledged.to_vec(),
            ..Desktop::default()
        }],
        central: Some(central_in_words(operator.as_ref(), TENANT)),
        is_quiet: true,
        left: vec![town.folder.path().to_owned()],
        ..World::default()
    };
    invariants::hold(&world, story);
    let position = operator.tenant(TENANT).unwrap().position();
    assert_eq!(
        position,
        acknowledged.len() as u64,
        "{story}: nothing twice"
    );
}

#[test]
fn a_push_whose_transactions_are_ended_again_and_again_is_taken_once_with_one_receipt() {
    let town = Town::on(Kind::Postgres);
    let cluster = town.cluster.as_ref().unwrap();
    let (client, mut laptop) = town.counter(1, &["counter"]);
    let mut acknowledged = Vec::new();
    for reason in REASONS {
        for place in [Where::Statement, Where::Commit, Where::Reading] {
            let story = format!("{place:?} {reason}");
            let (_, opening) = laptop.open_case("2512169996");

            let ending = Ending::begin(cluster, place, "event", reason, TIMES);
            let first = client.push(&opening).unwrap();
            assert_eq!(ending.ended(), TIMES, "{story}: it was really ended");
            drop(ending);
            let ending = Ending::begin(cluster, place, "receipt", reason, TIMES);
            let again = client.push(&opening).unwrap();
            assert_eq!(ending.ended(), TIMES, "{story}: a duplicate writes too");
            drop(ending);

            let outcome = first.verdicts[0].verdict.outcome();
            assert_eq!(outcome.code(), "accepted", "{story}");
            let duplicate = Verdict::Duplicate(outcome.clone());
            assert_eq!(again.verdicts[0].verdict, duplicate, "{story}");
            for event in &opening {
                let receipts = town.operator().receipts(TENANT, event.hash()).unwrap();
                assert_eq!(receipts, 1, "{story}");
            }
            acknowledged.extend(opening);
            holds(&town, &acknowledged, &story);
        }
    }
}

#[test]
fn where_every_run_is_ended_the_desktop_is_told_to_come_again_and_nothing_of_it_is_kept() {
    let town = Town::on(Kind::Postgres);
    let cluster = town.cluster.as_ref().unwrap();
    let (client, mut laptop) = town.counter(1, &["counter"]);
    let (_, opening) = laptop.open_case("2512169996");
    let body = serde_json::to_vec(&PushBatch::of(&opening)).unwrap();
    for place in [Where::Statement, Where::Commit, Where::Reading] {
        let story = format!("{place:?}");
        let ending = Ending::begin(cluster, place, "event", REASONS[0], 1_000);

        let proof = proof_with(&town, &laptop, "POST", "/v1/events", &body, None);
        let answer = send(&town, "POST", "/v1/events", &[proof], &body);

        assert_eq!(answer.status, 503, "{story}");
        assert_eq!(answer.problem(), ProblemCode::Unavailable, "{story}");
        let head = answer.head.to_lowercase();
        assert!(head.contains("\r\nretry-after: "), "{story}: {head}");
        let ended = ending.ended();
        assert_eq!(ended, TIMES + 1, "{story}: so often and no more");
        drop(ending);
        holds(&town, &[], &story);
    }

    client.push(&opening).unwrap();
    holds(&town, &opening, "after it");
}
