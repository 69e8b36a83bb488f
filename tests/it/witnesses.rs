//! The service asks witnesses for cosignatures, keeps those that verify, and shows them; a witness
//! that is down, slow or hostile holds up nobody.

use std::net::SocketAddr;
use std::time::Duration;

use baton_domain::log::note::{CosignerKey, VerifierKey, WitnessKey, cosignatures, cosigned};
use baton_domain::log::{Checkpoint, Hash, verify_consistency};
use baton_server::{Asked, Witnesses};
use baton_store::Clock;
use baton_wire::v1;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::export::Auditor;
use crate::harness::*;
use crate::ledger::a_day;
use crate::witness::log::{Log, made, serve, submit};

/// Often, and not long: nobody waits for these times, only for what comes.
const TIMES: (Duration, Duration) = (Duration::from_millis(20), Duration::from_secs(5));
/// Longest a test waits for a cosignature.
const PATIENCE: Duration = Duration::from_mins(1);

fn asked(at: SocketAddr, key: &WitnessKey) -> Asked {
    Asked::new(&format!("http://{at}"), key.clone()).unwrap()
}

fn witnesses(asked: Vec<Asked>) -> Witnesses {
    Witnesses::new(asked, TIMES, None).unwrap()
}

async fn newest(exchange: &Exchange) -> v1::GetCheckpointResponse {
    let request = v1::GetCheckpointRequest {
        parent: exchange.officer.setting.clone(),
    };
    let told = exchange.officer.audit().get_checkpoint(request).await;
    told.unwrap().into_inner()
}

fn open(exchange: &Exchange, signed: &str) -> Checkpoint {
    let key = exchange.running().ledger().verifier_key();
    Checkpoint::open(signed.as_bytes(), &[key.parse().unwrap()]).expect("a good signature")
}

/// Waits until as many of these witnesses have cosigned a checkpoint of at least that size.
async fn cosigned_by(
    exchange: &Exchange,
    (known, least): (&[WitnessKey], usize),
    size: u64,
) -> String {
    let mut kept = exchange.running().ledger().cosigned_changes();
    let wait = async {
        loop {
            kept.mark_unchanged();
            let shown = newest(exchange).await.cosigned_checkpoint;
            let enough = |note: &String| {
                cosigned(note.as_bytes(), known).unwrap() >= least
                    && open(exchange, note).size >= size
            };
            if let Some(note) = Some(shown).filter(|it| !it.is_empty()).filter(enough) {
                return note;
            }
            kept.changed().await.unwrap();
        }
    };
    tokio::time::timeout(PATIENCE, wait)
        .await
        .expect("no cosignature came")
}

/// Answers every request in the same way, until it is dropped.
async fn parrot(says: String) -> (SocketAddr, JoinSet<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        loop {
            let Ok((mut stream, _)) = listener.accept().await else {
                return;
            };
            let mut asked = vec![0; 64 * 1024];
            let _ = stream.read(&mut asked).await;
            let _ = stream.write_all(says.as_bytes()).await;
        }
    });
    (at, tasks)
}

fn http(status: u16, content_type: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status} X\r\ncontent-type: {content_type}\r\ncontent-length: {length}\r\n\
         connection: close\r\n\r\n{body}"
    )
}

fn other(seed: u8) -> CosignerKey {
    CosignerKey::from_seed(&format!("witness.example/{seed}"), &[seed; 32]).unwrap()
}

on_both_engines! {
    async fn witnesses_cosign_what_goes_on_and_it_is_shown(exchange) {
        let base = tempfile::tempdir().unwrap();
        let key: VerifierKey = exchange.running().ledger().verifier_key().parse().unwrap();
        let folders = ["1", "2"].map(|name| base.path().join(name));
        let mut running = Vec::new();
        for folder in &folders {
            made(folder);
            let clock = Clock::fixed(1_800_000_000_000_000).0;
            running.push(serve(folder, vec![key.clone()], clock).await);
        }
        let keys: Vec<WitnessKey> = running.iter().map(|it| it.key.clone()).collect();
        let proofs = base.path().join("proofs");
        exchange.running().publish_proofs(proofs.clone()).await.unwrap();
        assert_eq!(newest(exchange).await.cosigned_checkpoint, "");

        let both = running.iter().map(|it| asked(it.address, &it.key)).collect();
        exchange.running().ask_witnesses(witnesses(both));
        let first = cosigned_by(exchange, (&keys, 2), 1).await;
        let times = cosignatures(first.as_bytes(), &keys).unwrap();
        assert!(times.iter().all(|it| it.time == 1_800_000_000), "{times:?}");

        a_day(exchange).await;
        let size = exchange.size();
        let second = cosigned_by(exchange, (&keys, 2), size).await;
        let (first, second) = (open(exchange, &first), open(exchange, &second));
        let request = v1::GetConsistencyProofRequest {
            parent: exchange.officer.setting.clone(),
            old_size: i64::try_from(first.size).unwrap(),
            new_size: i64::try_from(second.size).unwrap(),
        };
        let told = exchange.officer.audit().get_consistency_proof(request).await.unwrap();
        let told = told.into_inner().hashes;
        let proof: Vec<Hash> = told.iter().map(|it| Hash::try_from(it.as_ref()).unwrap()).collect();
        assert!(verify_consistency(first.size, &first.root, second.size, &second.root, &proof).is_ok());

        // In the folder for any web server too, at the latest when the service has stopped.
        exchange.stop().await;
        let read = |name: &str| std::fs::read(proofs.join(name)).unwrap();
        assert_eq!(cosigned(&read("checkpoint.cosigned"), &keys), Ok(2));
        assert_eq!(cosigned(&read("checkpoint"), &keys), Ok(2), "the newest one is cosigned");
        assert_eq!(read("checkpoint"), read("checkpoint.cosigned"));
        // What was kept is there after a restart, before anybody is asked.
        exchange.start(false).await.unwrap();
        let shown = newest(exchange).await.cosigned_checkpoint;
        assert_eq!(cosigned(shown.as_bytes(), &keys), Ok(2));
    }

    async fn a_witness_that_is_down_or_hostile_costs_a_count_and_the_others_go_on(exchange) {
        let base = tempfile::tempdir().unwrap();
        let folder = base.path().join("w");
        made(&folder);
        let key = exchange.running().ledger().verifier_key().parse().unwrap();
        let good = serve(&folder, vec![key], Clock::System).await;
        // Nobody listens there any more.
        let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let signed = newest(exchange).await.checkpoint;
        let (text, _) = signed.split_once("\n\n").unwrap();
        let of = |key: &CosignerKey, text: &str| key.cosign(&format!("{text}\n"), 7).unwrap();
        let forged = of(&other(2), &text.replacen('\n', "\n9", 1));
        let hostile = [
            (3, http(200, "text/plain", &of(&other(33), text)), "bad_signature"),
            (2, http(200, "text/plain", &forged), "bad_signature"),
            (4, http(200, "text/plain", &"x".repeat(100_000)), "http"),
            (5, http(409, "text/x.tlog.size", "99999999\n"), "ahead"),
            (6, http(409, "text/x.tlog.size", "-1\n"), "conflict"),
            (7, http(409, "text/plain", "1\n"), "conflict"),
            (8, http(403, "text/plain", ""), "refused_403"),
            (9, http(404, "text/plain", ""), "refused_404"),
            (10, http(422, "text/plain", ""), "fork"),
            (11, http(503, "text/plain", ""), "failed"),
            (12, "nonsense\r\n\r\n".to_owned(), "http"),
        ];
        let mut all = vec![asked(gone, other(1).verifier())];
        let mut tasks = Vec::new();
        for (seed, says, _) in &hostile {
            let (at, task) = parrot(says.clone()).await;
            tasks.push(task);
            all.push(asked(at, other(*seed).verifier()));
        }
        all.push(asked(good.address, &good.key));
        exchange.running().ask_witnesses(witnesses(all));

        let known = [good.key.clone()];
        cosigned_by(exchange, (&known, 1), 1).await;
        a_day(exchange).await;
        let note = cosigned_by(exchange, (&known, 1), exchange.size()).await;
        let bad: Vec<WitnessKey> = (1..=33).map(|n| other(n).verifier().clone()).collect();
        assert_eq!(cosigned(note.as_bytes(), &bad), Ok(0), "nothing of theirs is kept: {note}");
        assert_eq!(note.lines().filter(|it| it.starts_with('\u{2014}')).count(), 2, "{note}");
        let page = exchange.page("/metrics").await;
        for (witness, outcome) in hostile.iter().map(|(n, _, outcome)| (*n, *outcome)).chain([(1, "unreachable")]) {
            let counted = page.lines().any(|line| {
                line.starts_with("baton_witness_asked_total{")
                    && line.contains(&format!("\"witness.example/{witness}\""))
                    && line.contains(&format!("\"{outcome}\""))
            });
            assert!(counted, "witness {witness} ended otherwise than {outcome}:\n{page}");
        }
    }

    async fn a_witness_that_has_seen_more_than_the_ledger_is_told_apart_and_one_that_lags_catches_up(exchange) {
        let base = tempfile::tempdir().unwrap();
        let folder = base.path().join("w");
        made(&folder);
        let key = exchange.running().ledger().verifier_key().parse().unwrap();
        let witness = serve(&folder, vec![key], Clock::System).await;
        // It has seen the ledger before, at a size the service does not know of.
        let early = newest(exchange).await.checkpoint;
        let told = submit(witness.address, &format!("old 0\n\n{early}")).await.unwrap();
        assert_eq!(told.status, 200, "{told:?}");
        a_day(exchange).await;
        let known = [witness.key.clone()];
        exchange.running().ask_witnesses(witnesses(vec![asked(witness.address, &witness.key)]));
        let note = cosigned_by(exchange, (&known, 1), exchange.size()).await;
        assert!(open(exchange, &note).size > open(exchange, &early).size);
        // A log of another name is none of its business.
        let foreign = Log::new(1).grown("entry", 3);
        assert_eq!(submit(witness.address, &foreign.asks(0, 3)).await.unwrap().status, 404);
    }
}

on_both_engines! {
    async fn an_auditor_demands_witnesses_and_finds_those_that_signed(exchange) {
        let base = tempfile::tempdir().unwrap();
        let folder = base.path().join("w");
        made(&folder);
        let key: VerifierKey = exchange.running().ledger().verifier_key().parse().unwrap();
        let witness = serve(&folder, vec![key.clone()], Clock::System).await;
        a_day(exchange).await;
        let by = Auditor::of(exchange, &exchange.officer);
        let known = witness.key.to_string();
        let unknown = other(1).verifier().to_string();

        // Before anybody was asked there is nothing to be found.
        by.exported().await;
        let none = by.audit(&["verify", "ledger", "--witness", &known]).await;
        assert_eq!(none.code, 1, "{}", none.said);
        assert!(none.said.contains("cosigned by 0 of the witnesses"), "{}", none.said);
        let live = by.audit(&["verify", "--witness", &known]).await;
        assert_eq!(live.code, 1, "{}", live.said);

        exchange.running().ask_witnesses(witnesses(vec![asked(witness.address, &witness.key)]));
        cosigned_by(exchange, (std::slice::from_ref(&witness.key), 1), exchange.size()).await;
        by.exported().await;
        for line in [&["verify", "ledger"][..], &["verify"]] {
            let holds = async |more: &[&str]| by.audit(&[line, more].concat()).await;
            let one = holds(&["--witness", &known]).await;
            assert_eq!(one.code, 0, "{}", one.said);
            let told = one.value("summary")["cosigned"].clone();
            assert_eq!(told["witnesses"], 1, "{}", one.said);
            assert!(told["size"].as_u64().unwrap() > 10);
            let both = ["--witness", &known, "--witness", &unknown];
            assert_eq!(holds(&both).await.code, 1, "all of them, without a quorum");
            let of_two = [&both[..], &["--quorum", "1"]].concat();
            assert_eq!(holds(&of_two).await.code, 0);
            let too_many = [&both[..], &["--quorum", "3"]].concat();
            assert_eq!(holds(&too_many).await.code, 2, "wrong usage");
        }

        // A proof carries them, too.
        let proved = by.audit(&["prove", "3", "--out", "3.tlog-proof"]).await;
        assert_eq!(proved.code, 0, "{}", proved.said);
        let key = key.to_string();
        let check = async |witness: &str| {
            by.audit(&["verify-proof", "3.tlog-proof", "--key", &key, "--witness", witness]).await.code
        };
        assert_eq!(check(&known).await, 0);
        assert_eq!(check(&unknown).await, 1);

        // Cosignatures of another history do not vouch for this one.
        let file = by.path("ledger/baton/checkpoint.cosigned");
        let text = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, text.replacen('\n', "\n9", 1)).unwrap();
        let changed = by.audit(&["verify", "ledger", "--witness", &known]).await;
        assert_eq!(changed.code, 1, "{}", changed.said);
        witness.stop().await;
    }
}
