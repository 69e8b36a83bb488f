//! The demo as a newcomer runs it.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

use super::told::{Form, Told, command};
use crate::harness::program;

/// Few, so that it takes little time; every point has some all the same.
const PUPILS: u64 = 24;

/// What was told, without what the clock and the port say. How many turns the receivers needed
/// depends on when the service released what opened late, and with it the number of entries.
fn story(told: &Told) -> (Vec<Value>, Vec<String>) {
    let mut lines = told.lines();
    for changing in ["elapsed_ms", "entries"] {
        let last = lines.last_mut().unwrap().as_object_mut().unwrap();
        assert!(
            last.remove(changing).unwrap().as_u64().unwrap() > 0,
            "{told:?}"
        );
    }
    let prose = told
        .err
        .lines()
        .skip(1)
        .filter(|line| !line.contains(" entries: "));
    (lines, prose.map(str::to_owned).collect())
}

fn played(seed: &str) -> Told {
    let mut demo = command(Form::Json);
    demo.args(["demo", "--pupils", &PUPILS.to_string(), "--seed", seed]);
    let told = Told::by(&mut demo, Form::Json);
    assert_eq!(told.code, 0, "{told:?}");
    told
}

#[test]
fn four_points_are_crossed_and_the_sum_adds_up() {
    let told = played("7");
    let lines = told.lines();
    let (last, crossed) = lines.split_last().unwrap();
    let points: Vec<&str> = crossed
        .iter()
        .map(|line| {
            let it = &line["crossed"];
            let each = PUPILS / 4;
            for count in ["published", "delivered", "acknowledged"] {
                assert_eq!(it[count], each, "{line}");
            }
            it["point"].as_str().unwrap()
        })
        .collect();
    assert_eq!(
        points,
        [
            "EARLY_YEARS_TO_PRIMARY",
            "PRIMARY_TO_SECONDARY",
            "SECONDARY_TO_POST_16",
            "POST_16_TO_ADULT"
        ]
    );
    let mut members: Vec<&str> = last
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    members.sort_unstable();
    assert_eq!(
        members,
        [
            "acknowledged",
            "delivered",
            "elapsed_ms",
            "entries",
            "ledger",
            "published",
            "refused"
        ]
    );
    assert_eq!(last["published"], PUPILS);
    // The redirected child was handed to two schools, one after the other.
    assert_eq!(last["delivered"], PUPILS + 1);
    assert_eq!(last["acknowledged"], PUPILS + 1);
    // The former receiver, the late reader, the stranger, the wrong role.
    assert_eq!(last["refused"], 4);
    assert_eq!(last["ledger"], "verified");
    // At least a plan, a publish and an acknowledgement of each.
    assert!(last["entries"].as_u64().unwrap() > 3 * PUPILS, "{last}");

    assert_eq!(
        story(&told),
        story(&played("7")),
        "the same seed is the same story"
    );
}

/// A demo that goes on; it goes with the test, however that ends.
struct Kept(Child);

impl Drop for Kept {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn what_a_kept_demo_says_to_try_next_works() {
    let place = TempDir::new().unwrap();
    let mut demo = command(Form::Json);
    demo.current_dir(place.path());
    demo.args(["demo", "--pupils", "24", "--keep", "play"]);
    let child = demo
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut kept = Kept(child);
    let child = &mut kept.0;
    let mut told = BufReader::new(child.stderr.take().unwrap()).lines();
    let said: Vec<String> = told
        .by_ref()
        .map_while(Result::ok)
        .take_while(|line| !line.starts_with("Ctrl-C"))
        .collect();
    let to_try: Vec<&str> = said
        .iter()
        .filter_map(|line| line.strip_prefix("  "))
        .collect();
    let to_try: Vec<&str> = to_try
        .into_iter()
        .filter(|line| line.contains("onnection") || line.starts_with("baton "))
        .collect();
    assert_eq!(to_try.len(), 4, "{said:?}");

    // As they stand, in a shell of another terminal.
    let path = std::env::join_paths([
        program().parent().unwrap(),
        "/usr/bin".as_ref(),
        "/bin".as_ref(),
    ]);
    let tried = Command::new("/bin/sh")
        .args(["-e", "-c", &to_try.join("\n")])
        .env_clear()
        .env("PATH", path.unwrap())
        .current_dir("/")
        .output()
        .unwrap();
    let shown = Told::of(&tried, Form::Prose);
    assert_eq!(shown.code, 0, "{shown:?}");
    for expected in ["primary to secondary", " moves, ", " holds: "] {
        assert!(shown.out.contains(expected), "{expected:?} of {shown:?}");
    }

    kill_process(Pid::from_child(child), Signal::INT).unwrap();
    let mut out = String::new();
    child
        .stdout
        .take()
        .unwrap()
        .read_to_string(&mut out)
        .unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0), "{out}");
    let last: Value = serde_json::from_str(out.lines().last().unwrap()).unwrap();
    assert_eq!(last["ledger"], "verified");
    assert!(place.path().join("play/ledger").exists(), "it stays");

    let mut again = command(Form::Prose);
    again
        .current_dir(place.path())
        .args(["demo", "--keep", "play"]);
    let told = Told::by(&mut again, Form::Prose);
    assert_eq!(
        told.code, 2,
        "a folder that is there is not played in: {told:?}"
    );
}
