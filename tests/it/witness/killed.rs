//! The real program, killed while it answers: what it cosigned it has not forgotten.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use baton_domain::log::note::{WitnessKey, cosigned};
use tokio::task::JoinSet;

use super::log::{Log, submit};
use crate::harness::*;

/// How often it is killed.
const KILLS: usize = 12;

struct Served {
    process: Child,
    address: SocketAddr,
}

impl Served {
    fn start(folder: &Path, log: &Log) -> Self {
        let mut process = Command::new(program())
            .args(["--json", "witness", "serve"])
            .arg(folder)
            .args([
                "--listen",
                "127.0.0.1:0",
                "--ledger",
                &log.key().to_string(),
            ])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut out = BufReader::new(process.stdout.take().unwrap());
        out.read_line(&mut line).unwrap();
        let told: serde_json::Value = serde_json::from_str(&line).unwrap();
        let address = told["listening"].as_str().unwrap().parse().unwrap();
        Self { process, address }
    }

    fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

fn init(folder: &Path) -> WitnessKey {
    let made = Command::new(program())
        .args(["--json", "witness", "init"])
        .arg(folder)
        .args(["--name", "witness.example/killed"])
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    let told: serde_json::Value = serde_json::from_slice(&made.stdout).unwrap();
    told["witness"]["key"].as_str().unwrap().parse().unwrap()
}

#[test]
fn a_witness_that_is_killed_never_cosigns_two_histories() {
    run(|| async {
        let base = tempfile::tempdir().unwrap();
        let folder = base.path().join("w");
        let key = init(&folder);
        let trunk = Log::new(1).grown("entry", 20);
        let sides = ["left", "right"].map(|side| trunk.clone().grown(side, 200));
        let mut signed = [0_usize; 2];
        let mut old = 0;
        for round in 0..KILLS {
            let served = Served::start(&folder, &trunk);
            let to = served.address;
            let mut asked = JoinSet::new();
            // From where it says it is, and from where it was: both sides at once.
            let begun = submit(to, &trunk.asks(1, 2)).await.unwrap();
            let from = match begun.status {
                409 => begun.body.trim_end().parse().unwrap(),
                _ => 2,
            };
            assert!(
                from >= old,
                "round {round}: it forgot {old} and says {from}"
            );
            for at in 0..8 {
                let size = (from + 1 + at).min(200);
                for (side, log) in sides.iter().enumerate() {
                    let (body, note) = (log.asks(from.min(size), size), log.signed(size));
                    asked.spawn(async move { (side, size, note, submit(to, &body).await) });
                }
            }
            // In the middle of it, a little later each time.
            for _ in 0..=round {
                let Some(Ok((side, size, note, Some(told)))) = asked.join_next().await else {
                    continue;
                };
                if told.status == 200 {
                    let note = format!("{note}{}", told.body);
                    assert_eq!(cosigned(note.as_bytes(), std::slice::from_ref(&key)), Ok(1));
                    signed[side] = signed[side].max(size);
                    old = old.max(size);
                }
            }
            served.kill();
            while let Some(Ok((side, size, _, told))) = asked.join_next().await {
                if told.is_some_and(|told| told.status == 200) {
                    signed[side] = signed[side].max(size);
                    old = old.max(size);
                }
            }
            let beyond = signed.iter().filter(|size| **size > 20).count();
            assert!(
                beyond <= 1,
                "round {round}: two histories were cosigned: {signed:?}"
            );
        }
        assert!(old > 0, "something was cosigned at all");
    });
}
