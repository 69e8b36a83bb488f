//! The program as a witness, and the program that asks one.

use std::fs;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::desk::{Desk, Service};
use super::told::Form;

/// Longest the test waits for a cosignature.
const PATIENCE: Duration = Duration::from_mins(1);

#[test]
fn a_service_is_cosigned_by_a_witness_of_another_process() {
    let mut desk = Desk::furnished(Form::Json);
    desk.does("officer", "audit export ledger");
    let before = desk.url().to_owned();
    desk.close();
    let ledger = fs::read_to_string(desk.folder().join("ledger/baton/verifier-keys")).unwrap();
    let made = desk.does("", "witness init w --name witness.example/program");
    let key = made.lines()[0]["witness"]["key"]
        .as_str()
        .unwrap()
        .to_owned();
    let refused = desk.types("", "witness init w --name witness.example/program");
    assert_eq!(refused.code, 2, "never over another one: {refused:?}");
    let refused = desk.types("", "witness serve w --listen 127.0.0.1:0 --ledger nonsense");
    assert_eq!(refused.code, 2, "{refused:?}");

    let known = format!("# of the council\n{ledger}");
    fs::write(desk.folder().join("known.txt"), known).unwrap();
    let line = "witness serve w --listen 127.0.0.1:0 --ledgers known.txt";
    let witness = Service::start(&mut desk.command("", line), Form::Json);
    let busy = desk.types("", line);
    assert_eq!(busy.code, 2, "one process a folder: {busy:?}");

    let url = witness.url.replacen("https", "http", 1);
    for (wrong, say) in [
        (
            format!("url = \"{url}\"\nkey = \"{}\"", ledger.trim()),
            "no vkey of a witness",
        ),
        (
            format!("url = \"http://witness.example\"\nkey = \"{key}\""),
            "url is https",
        ),
    ] {
        fs::write(
            desk.folder().join("wrong.toml"),
            format!("[[witness]]\n{wrong}\n"),
        )
        .unwrap();
        let refused = desk.types("", "serve --folder data --config wrong.toml");
        assert_eq!(refused.code, 2, "{refused:?}");
        assert!(refused.err.contains(say), "{refused:?}");
    }
    let config = format!(
        "[witnessing]\ninterval_seconds = 1\n\n[proofs]\nfolder = \"public\"\n\n\
         [[witness]]\nurl = \"{url}\"\nkey = \"{key}\"\n"
    );
    fs::write(desk.folder().join("witnessed.toml"), config).unwrap();
    let serve = "serve --folder data --listen 127.0.0.1:0 --config witnessed.toml";
    let service = Service::start(&mut desk.command("", serve), Form::Json);
    let connection = desk.folder().join("officer/connection.toml");
    let text = fs::read_to_string(&connection).unwrap();
    fs::write(&connection, text.replace(&before, &service.url)).unwrap();
    let verify = format!("audit verify --witness {key}");
    let since = Instant::now();
    while !desk.folder().join("public/checkpoint.cosigned").exists() {
        assert!(since.elapsed() < PATIENCE, "no cosignature came");
        std::thread::yield_now();
    }
    let told = desk.does("officer", &verify);
    let lines = told.lines();
    let summary = &lines.last().unwrap()["summary"];
    assert_eq!(summary["cosigned"]["witnesses"], 1, "{told:?}");
    assert_eq!(service.stop(Signal::INT).code, 0);
    assert_eq!(witness.stop(Signal::TERM).code, 0);
}
