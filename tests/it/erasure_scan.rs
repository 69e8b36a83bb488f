//! After erasing, neither what was written nor any key of it is in a byte of any file; what was not
//! erased is whole.

use std::collections::HashSet;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use baton_wire::v1::{Point, Role, SectionKind};
use futures::StreamExt as _;
use futures::stream;

use crate::harness::*;

const LEARNERS: usize = 200;
/// Bytes by which a sealed thing is known again.
const KNOWN_BY: usize = 16;

/// One learner, with words in its profile that stand nowhere else.
struct One {
    of: Move,
    profile: String,
    marker: String,
    document: String,
}

impl One {
    /// What its document says.
    fn file(&self) -> Vec<u8> {
        file(&self.marker)
    }
}

fn file(marker: &str) -> Vec<u8> {
    plain(marker, 5_000)
}

/// Every so many learners have a document of several chunks, and one that was never finalised.
const LARGE_EVERY: usize = 100;

/// Every place in every file where one of these stands.
async fn found(exchange: &Exchange, needles: &HashSet<[u8; KNOWN_BY]>) -> Vec<(PathBuf, usize)> {
    let begins = |bytes: &[u8]| usize::from(bytes[0]) << 8 | usize::from(bytes[1]);
    // Most places are none by their first two bytes.
    let mut may_begin = vec![false; 1 << 16];
    for needle in needles {
        may_begin[begins(needle)] = true;
    }
    let mut found = Vec::new();
    for file in exchange.home.files().await {
        // A file of the engine's own may go while we read.
        let Ok(bytes) = std::fs::read(&file) else {
            continue;
        };
        for (at, window) in bytes.windows(KNOWN_BY).enumerate() {
            if may_begin[begins(window)] && needles.contains(window) {
                found.push((file.clone(), at));
            }
        }
    }
    found
}

/// The last bytes of each: those of a wrapped key are its tag, those of a sealed section too.
fn ends(values: Vec<Vec<u8>>) -> HashSet<[u8; KNOWN_BY]> {
    let end = |value: Vec<u8>| value[value.len() - KNOWN_BY..].try_into().unwrap();
    values.into_iter().map(end).collect()
}

async fn publish(exchange: &Exchange, sender: &Caller, number: usize) -> One {
    let of = exchange.move_of_group(&group(number)).await;
    let marker = format!("marker-{number:04}-of-this-learner");
    let mut content = typical(number as u64, Point::PrimaryToSecondary);
    let identity = content.identity.as_mut().unwrap();
    identity.legal_forename = Some(marker.clone());
    macro_rules! mark {
        ($($section:ident.$field:ident),+) => {
            $(content.$section.get_or_insert_default().$field = Some(marker.clone());)+
        };
    }
    mark!(
        attainment.learning_summary,
        attendance.patterns,
        enhanced_transition.open_wishes,
        family_voice.about_our_child,
        learner_voice.about_me,
        pastoral_and_behaviour.behaviour_summary,
        support_strategies.strengths
    );
    let mut profile = submission(&of, content);
    profile.signatory.clone_from(&marker);
    let profile = sender.publish(profile).await.unwrap().name;
    if number % LARGE_EVERY < 2 {
        let parent = exchange.labelled(sender, &of.name, &marker).await;
        // The council's ending is remembered, too, to be told again.
        if number >= LARGE_EVERY {
            exchange.officer.revoke(&parent).await.unwrap();
        }
    }
    let kind = SectionKind::Health;
    let document = sender.add(&profile, (kind, &marker), &file(&marker)).await;
    if number % LARGE_EVERY < 2 {
        let large = plain(&marker, CHUNK + 5_000);
        let of = (SectionKind::Attainment, &*format!("{marker}, large"));
        sender.add(&profile, of, &large).await.unwrap();
        let of = (kind, &*format!("{marker}, staged"));
        let staged = sender.begin(sender.announce(&profile, of, &large)).await;
        let staged = staged.unwrap().name;
        sender
            .send_chunk(&staged, 1, &large[CHUNK..])
            .await
            .unwrap();
    }
    One {
        of,
        profile,
        marker,
        document: document.unwrap(),
    }
}

/// What of these learners' moves lies in the database: keys and ciphertext.
async fn sealed(exchange: &Exchange, profiles: &[&One]) -> HashSet<[u8; KNOWN_BY]> {
    let ids = profiles
        .iter()
        .map(|one| format!("'{}'", one.profile.rsplit_once('/').unwrap().1));
    let ids = ids.collect::<Vec<_>>().join(", ");
    let content = format!(
        "content_id IN (SELECT content_id FROM version WHERE profile_id IN ({ids}) \
         UNION SELECT content_id FROM document WHERE profile_id IN ({ids}) \
         UNION SELECT content_id FROM staged WHERE profile_id IN ({ids}))"
    );
    let learner = format!(
        "id IN (SELECT learner_id FROM transition WHERE id IN \
         (SELECT transition_id FROM profile WHERE id IN ({ids})))"
    );
    let mut all = HashSet::new();
    for (table, column, which) in [
        ("content", "wrapped", &content),
        ("content", "sealed", &content),
        ("learner", "wrapped", &learner),
        ("learner", "sealed", &learner),
        ("chunk", "sealed", &content),
    ] {
        let sql = format!("SELECT {column} FROM {table} WHERE {which}");
        all.extend(ends(exchange.home.bytes(&sql).await));
    }
    all
}

/// Waits until the files are clear of everything that was erased.
async fn scrubbed(exchange: &Exchange) {
    loop {
        let size = exchange.size();
        let waiting = "SELECT count(*) FROM erased WHERE scrubbed = 0";
        if exchange.home.count(waiting).await == 0 {
            return;
        }
        // Between two rewritings it rests.
        let mut known = exchange.running().ledger().size();
        let grown = known.wait_for(|known| *known > size);
        let waited = tokio::time::timeout(Duration::from_mins(3), grown).await;
        waited.expect("the files are not cleared").unwrap();
    }
}

/// The ledger as files, beside it.
async fn export(exchange: &Exchange) {
    let folder = exchange.home.base().to_owned();
    let connection = exchange.officer.connection(&exchange.door, &folder);
    let mut command = Command::new(program());
    command.arg("--connection").arg(connection);
    command.args(["audit", "export"]).arg(folder.join("export"));
    let output = tokio::task::spawn_blocking(move || command.output());
    let output = output.await.unwrap().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

on_both_engines! {
    async fn of_what_was_erased_no_byte_is_left_in_any_file(exchange) {
        let of = exchange.open_move().await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let receiver = exchange.person(&of.to, &[Role::Senco, Role::ReceiverLead]).await;
        let all = stream::iter(0..LEARNERS).map(|number| publish(exchange, &sender, number));
        let all: Vec<One> = all.buffered(8).collect().await;
        let (gone, kept): (Vec<_>, Vec<_>) = all.iter().enumerate().partition(|(at, _)| at % 2 == 0);
        let gone: Vec<&One> = gone.into_iter().map(|(_, one)| one).collect();
        let kept: Vec<&One> = kept.into_iter().map(|(_, one)| one).collect();
        let (of_gone, of_kept) = (sealed(exchange, &gone).await, sealed(exchange, &kept).await);
        assert!(of_gone.len() > 10 * gone.len(), "{} sealed things", of_gone.len());
        // As a database does by itself now and then: it keeps samples of what it finds.
        exchange.home.tamper("ANALYZE").await;
        exchange.home.write_down().await;
        assert!(!found(exchange, &of_gone).await.is_empty(), "the scan finds what is there");

        exchange.stop().await;
        exchange.home.copy().await;
        exchange.start(false).await.unwrap();
        let (sender, receiver) = (sender.at(&exchange.door), receiver.at(&exchange.door));
        let erased = stream::iter(&gone).map(|one| sender.erase(sender.erasure(&one.of.name)));
        let erased: Vec<_> = erased.buffer_unordered(16).collect().await;
        assert!(erased.iter().all(Result::is_ok));
        scrubbed(exchange).await;
        export(exchange).await;
        let left = found(exchange, &of_gone).await;
        assert_eq!(left, [], "of {} sealed things", of_gone.len());
        let groups = (0..LEARNERS).step_by(2).map(group);
        let markers = gone.iter().map(|one| one.marker.clone()).chain(groups);
        let markers: HashSet<_> = markers.map(|one| known(&one)).collect();
        assert_eq!(found(exchange, &markers).await, []);
        let still = found(exchange, &of_kept).await;
        assert!(still.len() >= of_kept.len(), "{} of {}", still.len(), of_kept.len());
        for one in &kept {
            let whole = receiver.get(&one.profile).await.unwrap();
            let identity = whole.content.unwrap().identity.unwrap();
            assert_eq!(identity.legal_forename.as_deref(), Some(one.marker.as_str()));
            let (document, came) = receiver.download(&one.document).await;
            assert_eq!((document.unwrap().title.as_str(), came), (one.marker.as_str(), one.file()));
        }

        // The earlier content, with the keys of today.
        exchange.stop().await;
        exchange.home.put_back().await;
        let refused = exchange.start(false).await.unwrap_err();
        assert!(matches!(refused, baton_store::StoreError::RolledBack { .. }));
        exchange.start(true).await.unwrap();
        let receiver = receiver.at(&exchange.door);
        for one in &gone {
            assert!(receiver.get(&one.profile).await.is_err());
            assert!(receiver.download(&one.document).await.0.is_err());
        }
        scrubbed(exchange).await;
        assert_eq!(found(exchange, &of_gone).await, []);
        assert_eq!(found(exchange, &markers).await, []);
        for one in &kept {
            receiver.get(&one.profile).await.expect("whole");
            assert_eq!(receiver.download(&one.document).await.1, one.file());
        }
    }
}

/// A class that nobody else is in.
fn group(number: usize) -> String {
    format!("Class of N. {number:04}")
}

fn known(marker: &str) -> [u8; KNOWN_BY] {
    marker.as_bytes()[..KNOWN_BY].try_into().unwrap()
}
