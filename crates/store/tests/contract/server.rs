//! What only a server can do to its callers: go away, come back, take long, forget what was prepared.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use jeton_store::{ConnectOptions, OpenMode, Store, StoreError};
use jeton_token::id::Generation;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_postgres::{Client, NoTls};

use crate::pooler::Pooler;
use crate::schema::Schema;
use crate::{START, family, key, rotation};

async fn client(schema: &Schema) -> Client {
    let (client, connection) = tokio_postgres::connect(&schema.url(), NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// Ends every other session that works in the schema of the test.
async fn end_sessions(client: &Client, name: &str) {
    const SQL: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1";
    assert!(!client.query(SQL, &[&name]).await.unwrap().is_empty());
}

async fn open(schema: &Schema, name: &str, options: &ConnectOptions) -> Store {
    let url = format!("{}&application_name={name}", schema.url());
    Store::connect_with(&url, options, OpenMode::Create, START).await.unwrap()
}

async fn generation(store: &Store, number: u32) -> Generation {
    store.find_family(key(number)).await.unwrap().unwrap().state.generation
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_session_that_ends_fails_its_writers_and_no_later_ones() {
    let schema = Schema::make().await;
    let store = open(&schema, &schema.name, &ConnectOptions::default()).await;
    for number in 0..32 {
        family(&store, number, None).await;
    }
    let client = client(&schema).await;
    client.batch_execute("BEGIN; SELECT 1 FROM jeton_family FOR UPDATE").await.unwrap();
    let tasks: JoinSet<_> = (0..32)
        .map(|number| {
            let store = store.clone();
            async move { store.rotate(&rotation(key(number), 0, 1)).await }
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(300)).await;
    end_sessions(&client, &schema.name).await;
    // The first was alone; the others came together, and then through a new session that is held up as well.
    client.batch_execute("COMMIT").await.unwrap();
    let answers = tasks.join_all().await;
    let failed = answers.iter().filter(|answer| matches!(answer, Err(StoreError::Unreachable { .. }))).count();
    let won = answers.iter().filter(|answer| matches!(answer, Ok(Some(_)))).count();
    assert!(failed >= 1 && failed + won == 32, "{answers:?}");
    let mut rotated = 0;
    for number in 0..32 {
        rotated += generation(&store, number).await.0 as usize;
    }
    assert_eq!(rotated, won, "what failed was not done, and nothing was done twice");
    for number in 0..32 {
        let now = generation(&store, number).await.0;
        assert!(store.rotate(&rotation(key(number), now, 2)).await.unwrap().is_some());
    }
    schema.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_read_does_not_notice_that_its_session_had_ended() {
    let schema = Schema::make().await;
    let store = open(&schema, &schema.name, &ConnectOptions::default()).await;
    family(&store, 1, None).await;
    let client = client(&schema).await;
    for _ in 0..20 {
        let reads: JoinSet<_> = (0..8)
            .map(|_| {
                let store = store.clone();
                async move { store.find_family(key(1)).await }
            })
            .collect();
        assert!(reads.join_all().await.into_iter().all(|row| row.unwrap().is_some()));
        end_sessions(&client, &schema.name).await;
        assert!(store.find_family(key(1)).await.unwrap().is_some());
    }
    schema.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_statement_that_takes_too_long_fails_and_holds_nobody_else_up_for_ever() {
    let schema = Schema::make().await;
    let options = ConnectOptions { statement_timeout: Duration::from_millis(500), ..ConnectOptions::default() };
    let store = open(&schema, &schema.name, &options).await;
    family(&store, 1, None).await;
    family(&store, 2, None).await;
    let client = client(&schema).await;
    client.batch_execute("BEGIN; SELECT 1 FROM jeton_family FOR UPDATE").await.unwrap();
    let began = Instant::now();
    let refused = store.rotate(&rotation(key(1), 0, 1)).await.unwrap_err();
    assert!(matches!(&refused, StoreError::Unreachable { reason } if reason.contains("timeout")), "{refused:?}");
    assert!(began.elapsed() < Duration::from_secs(5));
    client.batch_execute("COMMIT").await.unwrap();
    for number in [1, 2] {
        assert!(store.rotate(&rotation(key(number), 0, 1)).await.unwrap().is_some());
    }
    schema.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_rotation_that_is_held_up_holds_up_only_those_that_came_with_it() {
    let schema = Schema::make().await;
    let store = open(&schema, &schema.name, &ConnectOptions::default()).await;
    for number in 0..8 {
        family(&store, number, None).await;
    }
    let client = client(&schema).await;
    client.batch_execute("BEGIN; SELECT 1 FROM jeton_family ORDER BY key LIMIT 1 FOR UPDATE").await.unwrap();
    let held = tokio::spawn({
        let store = store.clone();
        async move { store.rotate(&rotation(key(0), 0, 1)).await }
    });
    tokio::time::sleep(Duration::from_millis(50)).await;
    let began = Instant::now();
    for round in 0..3 {
        let others: JoinSet<_> = (1..8)
            .map(|number| {
                let store = store.clone();
                async move { store.rotate(&rotation(key(number), round, 1)).await }
            })
            .collect();
        assert!(others.join_all().await.into_iter().all(|row| row.unwrap().is_some()));
    }
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    assert!(!held.is_finished());
    client.batch_execute("COMMIT").await.unwrap();
    assert!(held.await.unwrap().unwrap().is_some());
    store.close().await.unwrap();
    schema.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_statement_is_prepared_again_when_its_table_was_changed() {
    let schema = Schema::make().await;
    let store = open(&schema, &schema.name, &ConnectOptions::default()).await;
    for number in 0..16 {
        family(&store, number, None).await;
    }
    let client = client(&schema).await;
    for generation in 0..6_u32 {
        for number in 0..16 {
            assert!(store.find_family(key(number)).await.unwrap().is_some());
        }
        let tasks: JoinSet<_> = (0..16)
            .map(|number| {
                let store = store.clone();
                async move { store.rotate(&rotation(key(number), generation, 1)).await }
            })
            .collect();
        for answer in tasks.join_all().await {
            assert!(answer.unwrap().is_some());
        }
        let wider = format!("ALTER TABLE jeton_family ALTER COLUMN revoke_reason TYPE varchar({})", 100 + generation);
        client.batch_execute(&wider).await.unwrap();
    }
    schema.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nodes_that_rotate_the_same_families_at_once_never_win_twice() {
    let schema = Schema::make().await;
    let nodes = [schema.open().await, schema.open().await];
    for number in 0..64 {
        family(&nodes[0], number, None).await;
    }
    for generation in 0..10 {
        let mut tasks = JoinSet::new();
        for caller in 0..256_u32 {
            // Each node has its own order, so that whoever does not hold rows in theirs is caught in a deadlock.
            let (node, number) = (caller % 2, caller / 2 % 64);
            let number = if node == 0 { number } else { 63 - number };
            let store = nodes[node as usize].clone();
            tasks.spawn(async move { store.rotate(&rotation(key(number), generation, 1)).await.unwrap().is_some() });
        }
        let began = Instant::now();
        assert_eq!(tasks.join_all().await.into_iter().filter(|won| *won).count(), 64);
        assert!(began.elapsed() < Duration::from_secs(10));
    }
    for number in 0..64 {
        assert_eq!(generation(&nodes[1], number).await, Generation(10));
    }
    schema.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn rotations_stay_in_their_page() {
    const STATISTICS: &str = "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables \
        WHERE relname = 'jeton_family' AND schemaname = $1";
    let schema = Schema::make().await;
    let store = schema.open().await;
    for number in 0..500 {
        family(&store, number, None).await;
    }
    for generation in 0..20 {
        let tasks: JoinSet<_> = (0..500)
            .map(|number| {
                let store = store.clone();
                async move { store.rotate(&rotation(key(number), generation, 1)).await.unwrap().is_some() }
            })
            .collect();
        assert!(tasks.join_all().await.into_iter().all(|won| won));
    }
    // A session tells what it did when it ends, at the latest.
    store.close().await.unwrap();
    let client = client(&schema).await;
    for _ in 0..100 {
        let row = client.query_one(STATISTICS, &[&schema.name]).await.unwrap();
        let (all, hot): (i64, i64) = (row.get(0), row.get(1));
        if all >= 10_000 {
            println!("{hot} of {all} rotations stayed in their page");
            assert!(hot * 10 > all * 9, "{hot} of {all}");
            return schema.remove().await;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the server tells nothing of 10,000 rotations");
}

/// A server behind a door that can be shut.
struct Door {
    address: String,
    is_open: Arc<AtomicBool>,
    /// What comes back from the server is held up and thrown away.
    swallows: Arc<AtomicBool>,
    knocks: Arc<AtomicUsize>,
    /// So many of those who knocked first hear nothing any more, for ever.
    silent: Arc<AtomicUsize>,
    connections: Arc<std::sync::Mutex<JoinSet<()>>>,
}

impl Door {
    async fn before(server: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let door = Self {
            address: listener.local_addr().unwrap().to_string(),
            is_open: Arc::new(AtomicBool::new(true)),
            swallows: Arc::default(),
            knocks: Arc::default(),
            silent: Arc::default(),
            connections: Arc::default(),
        };
        let (is_open, knocks, swallows) =
            (Arc::clone(&door.is_open), Arc::clone(&door.knocks), Arc::clone(&door.swallows));
        let (connections, silent) = (Arc::clone(&door.connections), Arc::clone(&door.silent));
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let number = knocks.fetch_add(1, Ordering::SeqCst);
                if is_open.load(Ordering::SeqCst) {
                    let (server, swallows) = (server.clone(), Arc::clone(&swallows));
                    let silent = Arc::clone(&silent);
                    let is_silent = move || silent.load(Ordering::SeqCst) > number;
                    connections.lock().unwrap().spawn(pass(client, server, swallows, is_silent));
                }
            }
        });
        door
    }

    fn shut(&self) {
        self.is_open.store(false, Ordering::SeqCst);
        self.connections.lock().unwrap().abort_all();
    }

    /// Whoever is connected now hears nothing any more; others do.
    fn silence(&self) {
        self.silent.store(self.knocks.load(Ordering::SeqCst), Ordering::SeqCst);
    }

    fn open(&self) {
        self.is_open.store(true, Ordering::SeqCst);
    }
}

async fn pass(client: TcpStream, server: String, swallows: Arc<AtomicBool>, is_silent: impl Fn() -> bool) {
    let Ok(server) = TcpStream::connect(server).await else { return };
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let there = async { tokio::io::copy(&mut from_client, &mut to_server).await.map(drop) };
    let back = async {
        let mut bytes = vec![0; 8192];
        loop {
            let length = from_server.read(&mut bytes).await?;
            if length == 0 || swallows.load(Ordering::SeqCst) {
                return Ok(());
            }
            if is_silent() {
                std::future::pending::<()>().await;
            }
            to_client.write_all(&bytes[..length]).await?;
        }
    };
    let _: std::io::Result<()> = tokio::select! { ended = there => ended, ended = back => ended };
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_server_that_comes_back_is_found_again_and_not_hammered_meanwhile() {
    let schema = Schema::make().await;
    let door = Door::before(schema.address()).await;
    let url = schema.url().replace(&schema.address(), &door.address);
    let store = Store::connect(&url, OpenMode::Create, START).await.unwrap();
    family(&store, 1, None).await;
    door.shut();
    let knocks = door.knocks.load(Ordering::SeqCst);
    let end = Instant::now() + Duration::from_secs(4);
    let askers: JoinSet<()> = (0..16)
        .map(|_| {
            let store = store.clone();
            async move {
                while Instant::now() < end {
                    assert!(matches!(store.ping().await, Err(StoreError::Unreachable { .. })));
                    assert!(store.rotate(&rotation(key(1), 0, 1)).await.is_err());
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            }
        })
        .collect();
    askers.join_all().await;
    let knocks = door.knocks.load(Ordering::SeqCst) - knocks;
    println!("16 callers knocked {knocks} times in 4 seconds");
    assert!((4..40).contains(&knocks), "{knocks}");
    door.open();
    let back = Instant::now();
    while store.ping().await.is_err() {
        assert!(back.elapsed() < Duration::from_secs(6), "it has not been found again");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let mut rotated = store.rotate(&rotation(key(1), 0, 1)).await;
    for _ in 0..100 {
        if rotated.is_ok() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
        rotated = store.rotate(&rotation(key(1), 0, 1)).await;
    }
    assert_eq!(rotated.unwrap().unwrap().state.generation, Generation(1));
    schema.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_commit_whose_answer_is_lost_is_an_error_and_is_not_repeated() {
    let schema = Schema::make().await;
    let door = Door::before(schema.address()).await;
    let url = schema.url().replace(&schema.address(), &door.address);
    let store = Store::connect(&url, OpenMode::Create, START).await.unwrap();
    let direct = schema.open().await;
    for number in 0..8 {
        family(&store, number, None).await;
    }
    // So that what is asked of the connection is one round trip.
    assert!(store.rotate(&rotation(key(0), 0, 1)).await.unwrap().is_some());
    door.swallows.store(true, Ordering::SeqCst);
    let lost = store.rotate(&rotation(key(0), 1, 2)).await.unwrap_err();
    assert!(matches!(lost, StoreError::Unreachable { .. }), "{lost:?}");
    door.swallows.store(false, Ordering::SeqCst);
    assert_eq!(generation(&direct, 0).await, Generation(2), "it went through, once");
    assert_eq!(store.rotate(&rotation(key(0), 1, 3)).await.unwrap(), None, "and is not done again");
    schema.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_connections_that_fell_silent_one_is_waited_for_and_not_all_of_them() {
    let schema = Schema::make().await;
    let door = Door::before(schema.address()).await;
    let url = schema.url().replace(&schema.address(), &door.address);
    let options = ConnectOptions { statement_timeout: Duration::from_millis(500), ..ConnectOptions::default() };
    let store = Store::connect_with(&url, &options, OpenMode::Create, START).await.unwrap();
    family(&store, 0, None).await;
    let reads = || {
        let asked: JoinSet<_> = (0..8)
            .map(|_| {
                let store = store.clone();
                async move { store.find_family(key(0)).await }
            })
            .collect();
        asked.join_all()
    };
    assert!(reads().await.into_iter().all(|row| row.is_ok()));
    assert!(store.rotate(&rotation(key(0), 0, 1)).await.unwrap().is_some());
    door.silence();
    assert!(matches!(store.find_family(key(0)).await, Err(StoreError::Unreachable { .. })));
    let began = Instant::now();
    assert!(store.rotate(&rotation(key(0), 1, 2)).await.unwrap().is_some());
    assert!(reads().await.into_iter().all(|row| row.is_ok()));
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}: nobody waits for a dead line", began.elapsed());
    schema.remove().await;
}

#[tokio::test]
async fn a_server_that_answers_before_its_disk_is_refused() {
    let schema = Schema::make().await;
    let url = format!("{}%20-c%20synchronous_commit%3Doff", schema.url());
    let refused = Store::connect(&url, OpenMode::Create, START).await.unwrap_err();
    assert_eq!(refused, StoreError::NotDurable { setting: "synchronous_commit" });
    schema.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_pooler_in_transaction_mode_is_enough() {
    let schema = Schema::make().await;
    let Some(pooler) = Pooler::before(&schema).await else {
        println!("skipped: PgBouncer is not installed");
        return schema.remove().await;
    };
    let options = ConnectOptions { pooler: true, ..ConnectOptions::default() };
    let open = async || Store::connect_with(&pooler.url, &options, OpenMode::Create, START).await.unwrap();
    let nodes = [open().await, open().await];
    for number in 0..64 {
        family(&nodes[0], number, None).await;
    }
    for generation in 0..20 {
        let tasks: JoinSet<bool> = (0..256_u32)
            .map(|caller| {
                let store = nodes[(caller % 2) as usize].clone();
                async move { store.rotate(&rotation(key(caller / 2 % 64), generation, 1)).await.unwrap().is_some() }
            })
            .collect();
        assert_eq!(tasks.join_all().await.into_iter().filter(|won| *won).count(), 64);
        nodes[1].ping().await.unwrap();
    }
    let users: JoinSet<_> = (0..64)
        .map(|number| {
            let store = nodes[number % 2].clone();
            async move { store.create_user(&crate::new_user(&format!("user-{number}")), START).await.unwrap() }
        })
        .collect();
    assert!(users.join_all().await.into_iter().all(|user| user.is_some()));
    let mut follower = nodes[0].follow();
    follower.next().await.unwrap();
    let direct = Store::connect(&pooler.url, OpenMode::Existing, START).await.unwrap_err();
    assert!(matches!(direct, StoreError::Unreachable { .. }), "a session cannot be set there: {direct:?}");
    drop(pooler);
    schema.remove().await;
}
