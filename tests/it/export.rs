//! A ledger as files: it holds without the service, goes on where it stopped, and shows every
//! change. The program does the work; who checks an export with nothing of ours is in verifiers/.

use std::fs;
use std::num::NonZeroU16;
use std::path::{Path, PathBuf};
use std::process::Command;

use baton_client::{Client, Connection, portable_receipt};
use baton_domain::log::Hash;
use baton_wire::v1::{self, Role};
use serde_json::Value;

use crate::harness::*;
use crate::ledger::a_day;

/// What the program told, and whether it was content.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) said: String,
}

impl Ran {
    /// The JSON value under this name in one of the lines.
    pub(crate) fn value(&self, name: &str) -> Value {
        let lines = self.said.lines();
        let values = lines.filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let mut named = values.filter_map(|line| line.get(name).cloned());
        named
            .next()
            .unwrap_or_else(|| panic!("no {name}: {}", self.said))
    }

    /// Kinds of the faults that were told.
    pub(crate) fn faults(&self) -> Vec<String> {
        let lines = self.said.lines();
        let values = lines.filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let kinds = values.filter_map(|line| Some(line["fault"]["kind"].as_str()?.to_owned()));
        kinds.collect()
    }
}

/// Somebody who runs `baton audit`.
pub(crate) struct Auditor {
    folder: tempfile::TempDir,
    connection: PathBuf,
}

impl Auditor {
    pub(crate) fn of(exchange: &Exchange, who: &Caller) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let connection = who.connection(&exchange.door, folder.path());
        Self { folder, connection }
    }

    /// The same folder, after the service came back.
    fn again(&mut self, exchange: &Exchange, who: &Caller) {
        self.connection = who.connection(&exchange.door, self.folder.path());
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// `baton audit …`, with paths below the folder.
    pub(crate) async fn audit(&self, line: &[&str]) -> Ran {
        self.runs("audit", line).await
    }

    /// Another command of the program, the same way.
    pub(crate) async fn runs(&self, group: &str, line: &[&str]) -> Ran {
        let mut command = Command::new(program());
        command
            .current_dir(self.folder.path())
            .arg("--json")
            .arg("--connection")
            .arg(&self.connection)
            .arg(group)
            .args(line);
        ran(command).await
    }

    /// The same person, as a program of their own would call.
    pub(crate) async fn client(&self, exchange: &Exchange) -> Client {
        let read = |name| fs::read(self.path(name)).unwrap();
        let url = format!("https://localhost:{}", exchange.door.port);
        let connection = Connection::builder(url)
            .ca_pem(read("service.pem"))
            .identity_pem(read("cert.pem"), read("key.pem"));
        Client::new(connection.connect().await.unwrap())
    }

    pub(crate) async fn exported(&self) -> Value {
        let ran = self.audit(&["export", "ledger"]).await;
        assert_eq!(ran.code, 0, "{}", ran.said);
        ran.value("exported")
    }
}

async fn ran(mut command: Command) -> Ran {
    let output = tokio::task::spawn_blocking(move || command.output());
    let output = output.await.unwrap().unwrap();
    let said = [output.stdout, output.stderr].concat();
    Ran {
        code: output.status.code().unwrap(),
        said: String::from_utf8(said).unwrap(),
    }
}

/// Checks an export where nobody can be asked.
pub(crate) async fn verified(folder: &Path) -> Ran {
    let mut command = Command::new(program());
    command
        .env_remove("BATON_CONNECTION")
        .args(["--json", "audit", "verify", "--state"])
        .arg(folder);
    ran(command).await
}

/// Every file below, but what is for people.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if !path.ends_with("README.txt") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Entries until a node above the leaves is stored.
pub(crate) async fn beyond_one_tile(exchange: &Exchange) {
    filled_to(exchange, 260).await;
}

/// Any entries, until there are so many.
pub(crate) async fn filled_to(exchange: &Exchange, size: u64) {
    let list = || async {
        let request = v1::ListSettingsRequest {
            parent: exchange.officer.setting.clone(),
            page_size: 1,
            ..Default::default()
        };
        exchange
            .officer
            .settings()
            .list_settings(request)
            .await
            .unwrap();
    };
    while exchange.size() < size {
        futures::future::join_all((0..32).map(|_| list())).await;
    }
}

on_both_engines! {
    async fn an_export_holds_without_the_service_and_shows_every_change_of_a_file(exchange) {
        a_day(exchange).await;
        beyond_one_tile(exchange).await;
        let auditor = Auditor::of(exchange, &exchange.officer);
        let told = auditor.exported().await;
        assert!(told["size"].as_u64() > Some(260), "{told}");
        let ledger = auditor.path("ledger");
        let whole = verified(&ledger).await;
        assert_eq!(whole.code, 0, "{}", whole.said);
        let sum = whole.value("summary");
        assert_eq!(sum["size"], told["size"]);
        assert_eq!(sum["access_rows"], told["access_rows"]);
        assert_eq!((&sum["dropped"], &sum["unproved_rows"]), (&0.into(), &0.into()));

        for file in files(&ledger) {
            let bytes = fs::read(&file).unwrap();
            let places = [0, bytes.len() / 3, bytes.len() / 2, bytes.len() - 2];
            for (at, bit) in places.into_iter().zip([1, 0x80, 2, 1]) {
                let mut changed = bytes.clone();
                changed[at] ^= bit;
                fs::write(&file, &changed).unwrap();
                let told = verified(&ledger).await;
                assert_eq!(told.code, 1, "byte {at} of {}: {}", file.display(), told.said);
            }
            fs::remove_file(&file).unwrap();
            let told = verified(&ledger).await;
            // Of earlier checkpoints one may be missing.
            let needless = file.parent().is_some_and(|it| it.ends_with("checkpoints"));
            assert_eq!(told.code != 0, !needless, "without {}: {}", file.display(), told.said);
            fs::write(&file, &bytes).unwrap();
        }
        let whole = verified(&ledger).await;
        assert_eq!(whole.code, 0, "as it was: {}", whole.said);
    }

    async fn an_export_goes_on_where_it_stopped_and_an_older_one_is_extended(exchange) {
        beyond_one_tile(exchange).await;
        let auditor = Auditor::of(exchange, &exchange.officer);
        let first = auditor.exported().await;
        let ledger = auditor.path("ledger");
        let older = files(&ledger);
        a_day(exchange).await;
        let second = auditor.exported().await;
        assert_eq!(second["reused"], 256, "{second}");
        assert!(second["size"].as_u64() > first["size"].as_u64());
        let partial = |path: &&PathBuf| path.parent().is_some_and(|it| it.to_string_lossy().ends_with(".p"));
        for path in older.iter().filter(partial) {
            let level_1 = path.to_string_lossy().contains("tile/1/");
            assert_eq!(path.exists(), level_1, "{}: what is fuller now stands for it", path.display());
        }
        let whole = verified(&ledger).await;
        assert_eq!(whole.code, 0, "{}", whole.said);

        // Broken off before the checkpoint was written.
        fs::remove_file(ledger.join("checkpoint")).unwrap();
        assert_eq!(verified(&ledger).await.code, 2, "not yet an export");
        let third = auditor.exported().await;
        assert_eq!(third["reused"], 256, "{third}");
        assert_eq!(verified(&ledger).await.code, 0);
    }

    async fn a_folder_that_contradicts_the_ledger_is_left_as_it_is(exchange) {
        a_day(exchange).await;
        let auditor = Auditor::of(exchange, &exchange.officer);
        auditor.exported().await;
        let ledger = auditor.path("ledger");
        let before: Vec<_> = files(&ledger).into_iter().map(|it| fs::read(it).unwrap()).collect();
        // The ledger is another one than it was.
        exchange.home.tamper(
            "UPDATE entry SET leaf = (SELECT o.leaf FROM entry o WHERE o.position = 6) \
             WHERE position = 5",
        ).await;
        let refused = auditor.audit(&["export", "ledger"]).await;
        assert_eq!(refused.code, 1, "{}", refused.said);
        assert!(refused.said.contains("are not the beginning of this ledger"), "{}", refused.said);
        let after: Vec<_> = files(&ledger).into_iter().map(|it| fs::read(it).unwrap()).collect();
        assert_eq!(after, before, "nothing was overwritten");

        // A new folder gets no checkpoint of a ledger that does not hold.
        let refused = auditor.audit(&["export", "another"]).await;
        assert_eq!(refused.code, 1, "{}", refused.said);
        assert!(!auditor.path("another/checkpoint").exists());

        fs::create_dir(auditor.path("photos")).unwrap();
        fs::write(auditor.path("photos/one"), "something else").unwrap();
        let refused = auditor.audit(&["export", "photos"]).await;
        assert_eq!(refused.code, 2, "{}", refused.said);

        let sender = exchange.person(&exchange.primary, &[Role::Publisher]).await;
        let refused = Auditor::of(exchange, &sender).audit(&["export", "ledger"]).await;
        assert_eq!(refused.code, 3, "{}", refused.said);
    }

    async fn dropped_bodies_leave_their_hashes_and_the_ledger_holds(exchange) {
        a_day(exchange).await;
        exchange.stop().await;
        exchange.home.bodies_kept = NonZeroU16::new(1);
        exchange.start(false).await.unwrap();
        let mut auditor = Auditor::of(exchange, &exchange.officer);
        auditor.exported().await;
        let ledger = auditor.path("ledger");
        let size = exchange.size();
        exchange.hand.send_replace(at("2027-04-01T12:00:00Z"));
        let gone = exchange.bodies_dropped(size).await;
        // What was needed until its content expired goes with the next.
        exchange.stop().await;
        exchange.home.bodies_kept = None;
        exchange.start(false).await.unwrap();
        assert!(gone > 0);

        auditor.again(exchange, &exchange.officer);
        let live = auditor.audit(&["verify", "--state"]).await;
        assert_eq!(live.code, 0, "{}", live.said);
        assert_eq!(live.value("summary")["dropped"], gone);

        let told = auditor.exported().await;
        assert_eq!(told["dropped"], 0, "the older export still has them: {told}");
        assert_eq!(verified(&ledger).await.code, 0);

        let anew = auditor.audit(&["export", "anew"]).await;
        assert_eq!(anew.value("exported")["dropped"], gone, "{}", anew.said);
        let anew = auditor.path("anew");
        assert_eq!(fs::read_dir(anew.join("baton/pruned")).unwrap().count(), 1);
        assert!(!anew.join("tile/entries").exists(), "C2SP: a bundle is denied whole");
        let whole = verified(&anew).await;
        assert_eq!(whole.code, 0, "{}", whole.said);
        let sum = whole.value("summary");
        assert_eq!(sum["dropped"], gone);
        assert!(sum["unproved_rows"].as_u64() > Some(0), "they had changed rows: {sum}");

        // What is left is not taken for dropped: a body cannot be left out unsaid.
        let pruned = files(&anew.join("baton/pruned")).remove(0);
        fs::remove_file(&pruned).unwrap();
        assert_eq!(verified(&anew).await.faults(), ["bundle", "emptied"]);
    }

    async fn changed_tiles_and_policies_are_told(exchange) {
        beyond_one_tile(exchange).await;
        let auditor = Auditor::of(exchange, &exchange.officer);
        for (change, fault) in [
            ("UPDATE tile SET hash = (SELECT leaf FROM entry WHERE position = 0)", "tile"),
            ("DELETE FROM tile", "tile"),
            ("UPDATE policy_set SET body = replace(body, 'auditor', 'sweeper')", "policy_set"),
        ] {
            let table = if fault == "tile" { "tile" } else { "policy_set" };
            let home = &exchange.home;
            home.tamper(&format!("CREATE TABLE kept AS SELECT * FROM {table}")).await;
            home.tamper(change).await;
            let told = auditor.audit(&["verify"]).await;
            assert_eq!(told.code, 1, "{change}: {}", told.said);
            assert_eq!(told.faults(), [fault], "{change}: {}", told.said);
            let back = format!("DELETE FROM {table}; INSERT INTO {table} SELECT * FROM kept; \
                DROP TABLE kept");
            home.tamper(&back).await;
        }
        let whole = auditor.audit(&["verify"]).await;
        assert_eq!(whole.code, 0, "{}", whole.said);
    }

    async fn a_publish_a_delivery_and_an_acknowledgement_are_proved_to_anybody(exchange) {
        let of = exchange.open_move().await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let receiver = exchange.person(&of.to, &[Role::Senco]).await;
        let subscription = receiver.subscribe().await.unwrap();
        let published = sender.publish(submission(&of, typical(1, of.point))).await.unwrap();
        let name = published.name.clone();
        receiver.await_item(&subscription, "").await.unwrap();
        receiver.acknowledge(&name, 1).await.unwrap();

        let by = Auditor::of(exchange, &sender);
        let mut key = String::new();
        for act in ["published", "delivered", "acknowledged"] {
            let file = format!("{act}.tlog-proof");
            let transition = under(&sender.setting, &of.name);
            let proved = by.audit(&["prove", &transition, "--act", act, "--out", &file]).await;
            assert_eq!(proved.code, 0, "{}", proved.said);
            key = proved.value("proof")["key"].as_str().unwrap().to_owned();
            let held = by.audit(&["verify-proof", &file, "--key", &key]).await;
            assert_eq!(held.code, 0, "{}", held.said);
            let done = held.value("proved")["unvouched"]["act"].clone();
            assert_eq!(done, if act == "delivered" { "pulled" } else { act });
        }
        let again = by.audit(&["prove", "0", "--out", "published.tlog-proof"]).await;
        assert_eq!(again.code, 2, "never overwritten: {}", again.said);
        let profile = under(&sender.setting, &name);
        let proved = by.audit(&["prove", &profile, "--out", "profile.tlog-proof"]).await;
        assert_eq!(proved.code, 0, "{}", proved.said);
        let position = published.receipt.as_ref().unwrap().position;
        assert_eq!(proved.value("proof")["position"], position);

        // A receipt, at once from the client and later from a file.
        let receipt = published.receipt.unwrap();
        let client = by.client(exchange).await;
        let vkey = [key.parse().unwrap()];
        let proof = portable_receipt(&client, &sender.setting, &receipt, &vkey).await.unwrap();
        fs::write(by.path("client.tlog-proof"), proof.to_string()).unwrap();
        let held = by.audit(&["verify-proof", "client.tlog-proof", "--key", &key]).await;
        assert_eq!(held.code, 0, "{}", held.said);
        fs::write(by.path("receipt.json"), baton_wire::json::write(&receipt).unwrap().to_string())
            .unwrap();
        let line = ["prove", "--receipt", "receipt.json", "--out", "receipt.tlog-proof"];
        let proved = by.audit(&line).await;
        assert_eq!(proved.code, 0, "{}", proved.said);
        assert_eq!(proved.value("proof")["position"], position);

        // The auditor has the entry, too.
        let auditor = Auditor::of(exchange, &exchange.officer);
        let at = position.to_string();
        let line = ["prove", &at, "--out", "one.tlog-proof", "--entry", "one.entry"];
        let proved = auditor.audit(&line).await;
        assert_eq!(proved.code, 0, "{}", proved.said);
        let line = ["verify-proof", "one.tlog-proof", "--key", &key, "--entry", "one.entry"];
        let held = auditor.audit(&line).await;
        assert_eq!(held.value("proved")["entry"]["kind"], "published", "{}", held.said);
        fs::write(auditor.path("one.entry"), "another").unwrap();
        let refused = auditor.audit(&line).await;
        assert_eq!(refused.code, 1, "{}", refused.said);
        let denied = by.audit(&["prove", &at, "--out", "x.tlog-proof", "--entry", "x"]).await;
        assert_eq!(denied.code, 3, "{}", denied.said);
    }

    async fn tiles_are_those_of_the_tree_and_bundles_are_not_served(exchange) {
        beyond_one_tile(exchange).await;
        let ask = async |path: &str| {
            let request = v1::GetTileRequest {
                parent: exchange.officer.setting.clone(),
                path: path.to_owned(),
            };
            let answer = exchange.officer.audit().get_tile(request).await;
            answer.map(|answer| answer.into_inner().hashes)
        };
        let (entries, _) = exchange.officer.entries(0).await;
        let leaves: Vec<Hash> =
            entries.iter().map(|it| Hash::try_from(it.leaf_hash.as_ref()).unwrap()).collect();
        let bytes = |hashes: &[Hash]| baton_domain::log::tile::write_hashes(hashes);
        assert_eq!(ask("tile/0/000").await.unwrap(), bytes(&leaves[..256]));
        assert_eq!(ask("tile/0/001.p/3").await.unwrap(), bytes(&leaves[256..259]));
        let mut frontier = baton_domain::log::Frontier::new();
        let upper = leaves.iter().flat_map(|leaf| frontier.push(*leaf)).next().unwrap();
        assert_eq!(ask("tile/1/000.p/1").await.unwrap(), bytes(&[upper.hash]));
        for beyond in ["tile/0/001", "tile/1/000", "tile/2/000.p/1", "tile/63/000"] {
            let refused = refused(ask(beyond).await);
            assert_eq!(refused.reason, baton_wire::status::Reason::PermissionDenied, "{beyond}");
        }
        for wrong in ["", "tile/0/0", "tile/entries/000", "tile/entries/000.p/4", "tile/64/000"] {
            let refused = refused(ask(wrong).await);
            assert_eq!(refused.reason, baton_wire::status::Reason::InvalidRequest, "{wrong}");
        }
    }
}
