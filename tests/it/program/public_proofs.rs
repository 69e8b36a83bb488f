//! The service keeps public proofs in the folder its configuration names.

use std::fs;

use super::desk::Desk;
use super::told::Form;

#[test]
fn checkpoint_and_tiles_are_there_when_the_service_has_stopped() {
    let mut desk = Desk::furnished_under(Form::Json, &[("BATON_PROOFS_FOLDER", "public")]);
    desk.does("officer", "audit export ledger");
    desk.close();
    let public = desk.folder().join("public");
    let signed = fs::read_to_string(public.join("checkpoint")).unwrap();
    let size: u64 = signed.lines().nth(1).unwrap().parse().unwrap();
    let tile = public.join(format!("tile/0/000.p/{size}"));
    assert_eq!(fs::read(tile).unwrap().len() as u64, 32 * size);

    // They go on from what the auditor has, and there are no entries.
    let exported = fs::read_to_string(desk.folder().join("ledger/checkpoint")).unwrap();
    let before: u64 = exported.lines().nth(1).unwrap().parse().unwrap();
    assert!((1..=size).contains(&before));
    let theirs = fs::read(desk.folder().join(format!("ledger/tile/0/000.p/{before}"))).unwrap();
    let ours = fs::read(public.join(format!("tile/0/000.p/{size}"))).unwrap();
    assert!(ours.starts_with(&theirs));
    assert!(!public.join("tile/entries").exists());

    // A folder of another ledger is wrong usage, and stays as it is.
    let foreign = signed.replacen("baton.ledger/", "baton.ledger/x", 2);
    fs::write(public.join("checkpoint"), &foreign).unwrap();
    let config = "[proofs]\nfolder = \"public\"\n";
    fs::write(desk.folder().join("proofs.toml"), config).unwrap();
    let refused = desk.types(
        "",
        "serve --folder data --listen 127.0.0.1:0 --config proofs.toml",
    );
    assert_eq!(refused.code, 2, "{refused:?}");
    assert_eq!(
        fs::read_to_string(public.join("checkpoint")).unwrap(),
        foreign
    );
}
