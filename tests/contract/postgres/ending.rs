//! A PostgreSQL that ends transactions by itself, as often as asked and with either of its two reasons: at a statement
//! that writes, at the commit, and where something is only read.

use skranke_testkit::postgres::Cluster;

const DATABASE: &str = "skranke";

/// Where in a transaction it is ended.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Where {
    /// Right after a row was written.
    Statement,
    /// When it commits, with everything written.
    Commit,
    /// While somebody is looked up who only reads.
    Reading,
}

/// A database that ends transactions until this is dropped.
pub(crate) struct Ending<'c> {
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
    pub(crate) fn begin(
        cluster: &'c Cluster,
        place: Where,
        table: &str,
        reason: &str,
        times: u32,
    ) -> Self {
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
    pub(crate) fn ended(&self) -> u32 {
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
