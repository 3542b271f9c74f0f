//! What a connection of our own pool carries from one transaction into the next. Basis: reliability, finding 9.

#![cfg(unix)]

use std::path::Path;

use skranke_testkit::postgres::Cluster;

use super::*;

const TENANT: &str = "0999";

/// A store of one connection, so that whoever asks next is given the one just used.
fn of_one_connection(cluster: &Cluster) -> PostgresStore {
    let roles = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store/postgres/roles.sql");
    cluster.administer_file("postgres", &roles);
    let key = KeyFile::from_bytes([7; 32]);
    let address = |role| PostgresAddress::read(&cluster.address(role, "skranke"), None, 1).unwrap();
    PostgresStore::prepare(&address("skranke_owner"), &key).unwrap();
    PostgresStore::open(&address("skranke_runtime"), &key).unwrap()
}

/// Which connection is given out, the municipality it names, and how many municipalities it shows.
fn left_behind(store: &PostgresStore) -> (i32, String, i64) {
    const LEFT: &str = "
        SELECT pg_backend_pid() AS process,
               coalesce(current_setting('skranke.tenant', true), '') AS named,
               (SELECT count(*) FROM tenant) AS shown";
    store.runtime().unwrap().block_on(async {
        let mut link = store.link().await.unwrap();
        let row = link.query_opt(LEFT, &[]).await.unwrap().unwrap();
        (row.get("process"), row.get("named"), row.get("shown"))
    })
}

#[test]
fn no_municipality_stays_named_on_a_connection_that_goes_back_to_the_pool() {
    let cluster = Cluster::start(&[]);
    let store = of_one_connection(&cluster);
    store.create_tenant(TENANT, DateTime::UNIX_EPOCH).unwrap();
    let (process, ..) = left_behind(&store);
    let nothing = (process, String::new(), 0);

    type Use<'a> = (&'a str, &'a dyn Fn());
    let uses: [Use<'_>; 5] = [
        ("a write outside the feed", &|| {
            store.create_tenant(TENANT, DateTime::UNIX_EPOCH).unwrap();
        }),
        ("a commit", &|| {
            store.begin(TENANT).unwrap().commit().unwrap();
        }),
        ("a transaction that is not wanted", &|| {
            drop(store.begin(TENANT).unwrap());
        }),
        ("a read", &|| {
            store.tenant(TENANT).unwrap();
        }),
        ("a read that finds nobody", &|| {
            assert!(store.tenant("0777").is_err());
        }),
    ];
    for (name, work) in uses {
        work();

        assert_eq!(left_behind(&store), nothing, "after {name}");
    }
}

#[test]
fn a_host_that_is_gone_without_a_word_is_given_up_in_half_a_minute() {
    let config = patient(&"host=db1,db2 user=x".parse().unwrap());

    // Where nothing is under way the keepalives end it, and where something is they are not sent.
    let silent = config.get_keepalives_idle()
        + config.get_keepalives_interval().unwrap() * config.get_keepalives_retries().unwrap();
    assert!(silent <= Duration::from_secs(30));
    assert!(*config.get_tcp_user_timeout().unwrap() <= Duration::from_secs(30));
}

/// What the log would say of it.
fn code(error: &StoreError) -> String {
    let cause = std::error::Error::source(error);
    cause.map_or_else(|| error.to_string(), ToString::to_string)
}

#[test]
fn a_transaction_that_could_not_begin_says_why_and_its_connection_is_not_used_again() {
    let cluster = Cluster::start(&[]);
    let store = of_one_connection(&cluster);
    store.create_tenant(TENANT, DateTime::UNIX_EPOCH).unwrap();
    let (process, ..) = left_behind(&store);

    let said = store.runtime().unwrap().block_on(async {
        let mut link = store.link().await.unwrap();
        let seen = async {
            link.begin("BEGIN ISOLATION LEVEL UNHEARD OF", TENANT)
                .await?;
            // Nobody is refused, and there is only nothing to be seen.
            tenant(&mut link, TENANT).await
        }
        .await
        .unwrap_err();
        code(&link.give_up(seen).await)
    });

    assert_eq!(said, "PostgreSQL says 42601");
    assert_ne!(left_behind(&store).0, process);
}

#[test]
fn what_failed_first_is_what_a_read_and_a_write_say() {
    let cluster = Cluster::start(&[]);
    let store = of_one_connection(&cluster);
    async fn fails(link: &mut Link) -> Stored<()> {
        link.send("SELECT 1 / 0", Vec::new()).await?;
        Err(StoreError::NoSuchTenant)
    }

    for failed in [
        store.read_once(TENANT, fails),
        store.write_once(TENANT, fails),
    ] {
        assert_eq!(code(&failed.unwrap_err()), "PostgreSQL says 22012");
    }
}

#[test]
fn of_two_queries_that_failed_the_first_says_why() {
    let cluster = Cluster::start(&[]);
    let store = of_one_connection(&cluster);
    store.create_tenant(TENANT, DateTime::UNIX_EPOCH).unwrap();
    const GOOD: &str = "SELECT 1";
    const BAD: &str = "SELECT 1 / 0";

    for (first, second) in [(BAD, GOOD), (GOOD, BAD), (BAD, BAD)] {
        let failed = store.read_once(TENANT, async |link| {
            link.query_both((first, &[]), (second, &[])).await
        });

        assert_eq!(code(&failed.unwrap_err()), "PostgreSQL says 22012");
    }
}

#[test]
fn a_connection_on_which_something_failed_that_nobody_waited_for_is_not_used_again() {
    let cluster = Cluster::start(&[]);
    let store = of_one_connection(&cluster);
    let (process, ..) = left_behind(&store);

    store.runtime().unwrap().block_on(async {
        let mut link = store.link().await.unwrap();
        let late_failure = "SELECT pg_sleep(0.3)::text::int";
        link.send(late_failure, Vec::new()).await.unwrap();
    });

    assert_ne!(left_behind(&store).0, process);
}

#[test]
fn a_connection_that_was_warned_at_its_commit_is_not_used_again_though_it_can_be_rolled_back() {
    let cluster = Cluster::start(&[]);
    let store = of_one_connection(&cluster);
    store.create_tenant(TENANT, DateTime::UNIX_EPOCH).unwrap();
    let (process, ..) = left_behind(&store);

    store.runtime().unwrap().block_on(async {
        let mut link = store.link().await.unwrap();
        link.begin_writing(TENANT).await.unwrap();
        let warning = "DO $$ BEGIN RAISE WARNING 'of any kind'; END $$";
        link.send(warning, Vec::new()).await.unwrap();
        let committed = link.commit().await;
        assert!(matches!(committed, Err(StoreError::NotReplicated)));
        link.roll_back().await;
    });

    assert_ne!(left_behind(&store).0, process);
}
