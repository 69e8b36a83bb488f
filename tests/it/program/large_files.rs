//! Streams larger than any memory we want to spend, through the whole program: 64 MiB of bad records
//! in every run, 1 GiB of each format in a campaign; and records that begin and never end, which
//! are given up at the limit of their format. They come through a pipe, so nothing is on disk.

use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Stdio};

use rustix::fs::{CWD, FileType, Mode, mknodat};

use super::desk::Desk;
use super::told::Form;
use crate::harness::*;

/// The most memory the program may ever have held.
const MEMORY_MAX_BYTES: u64 = 256 * 1024 * 1024;
/// Written between two looks at the program's memory.
const CHUNK_BYTES: usize = 1024 * 1024;
/// Of each format.
const RUN_BYTES: usize = 64 * 1024 * 1024 / STREAMS.len();
const CAMPAIGN_BYTES: usize = 1024 * 1024 * 1024;

/// A stream that is bad from one end to the other.
struct Stream {
    name: &'static str,
    /// The command that reads it.
    line: &'static str,
    head: &'static str,
    /// One bad record, over and over.
    record: fn(usize) -> String,
}

const PUBLISH: &str = "--signatory 'Head teacher' --point primary-to-secondary --year 2024";

const STREAMS: [Stream; 3] = [
    Stream {
        name: "records.ndjson",
        line: "publish",
        head: "",
        record: |number| {
            format!(
                "{{\"learner\":[{{\"scheme\":\"upn\",\"value\":\"{number:013}\"}}],\"content\":\
                 {{\"supportStrategies\":{{\"colour\":\"{}\"}}}}}}\n",
                "x".repeat(3000)
            )
        },
    },
    Stream {
        name: "pupils.xml",
        line: "publish",
        head: "<CTfile><Header><CTFversion>25.0</CTFversion><SourceSchool><LEA>351</LEA><Estab>3948</Estab></SourceSchool></Header><CTFpupilData>",
        record: |number| {
            let year = "<YearData><Year>2999</Year><LEA>351</LEA></YearData>".repeat(12);
            format!(
                "<Pupil><UPN>{number:013}</UPN><Surname>{}</Surname><DOB>2999-11-02</DOB>\
                 <Attendance>{year}</Attendance></Pupil>\n",
                "x".repeat(2000)
            )
        },
    },
    Stream {
        name: "moves.csv",
        line: "cohort import",
        head: "sender_scheme,sender,upn,point,academic_year\n",
        record: |number| format!("gias,199901,{number:013},mars,\"{}\"\n", "x".repeat(1000)),
    },
];

/// One record that begins and never ends.
const ENDLESS: [(&str, &str, &str); 3] = [
    ("endless.ndjson", "publish", "{\"learner\":\""),
    (
        "endless.xml",
        "publish",
        "<CTfile><Header><CTFversion>25.0</CTFversion><SourceSchool><LEA>351</LEA><Estab>3948</Estab></SourceSchool></Header><CTFpupilData><Pupil><Surname>",
    ),
    (
        "endless.csv",
        "cohort import",
        "sender_scheme,sender,upn,point,academic_year\ngias,\"",
    ),
];

/// The program at work on a pipe.
struct Reading {
    child: Child,
    peak_bytes: u64,
    pipe: Option<File>,
}

impl Reading {
    fn start(desk: &Desk, name: &str, line: &str) -> Self {
        let path = desk.folder().join(name);
        mknodat(CWD, &path, FileType::Fifo, Mode::from(0o600), 0).unwrap();
        let signed = if line == "publish" { PUBLISH } else { "" };
        let who = if line == "publish" {
            "sender"
        } else {
            "officer"
        };
        let mut command = desk.command(who, &format!("{line} {name} {signed}"));
        let child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // Waits until the program has opened its end.
        let pipe = OpenOptions::new().write(true).open(&path).unwrap();
        Self {
            child,
            peak_bytes: 0,
            pipe: Some(pipe),
        }
    }

    /// Writes a part; false when the program reads no more.
    fn write(&mut self, bytes: &[u8]) -> bool {
        for chunk in bytes.chunks(CHUNK_BYTES) {
            if self.pipe.as_mut().unwrap().write_all(chunk).is_err() {
                return false;
            }
            self.look();
        }
        true
    }

    /// `VmHWM`: the most it has held so far.
    fn look(&mut self) {
        let about = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()));
        let about = about.unwrap_or_default();
        let line = about.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse().ok());
        self.peak_bytes = self.peak_bytes.max(kib.unwrap_or(0_u64) * 1024);
    }

    /// Ends the stream. The exit code and the last line of the report.
    fn end(mut self, name: &str, last: impl FnOnce() -> String) -> String {
        self.look();
        drop(self.pipe.take());
        let last = last();
        let code = self.child.wait().unwrap().code();
        assert_eq!(code, Some(1), "{name}: {last}");
        println!("figures: file={name} peak_mib={}", self.peak_bytes >> 20);
        assert!(self.peak_bytes > 0, "{name}: nobody looked");
        assert!(
            self.peak_bytes < MEMORY_MAX_BYTES,
            "{name}: {} bytes",
            self.peak_bytes
        );
        last
    }

    /// Reads the report as it is made, and keeps its last line.
    fn report(&mut self) -> impl FnOnce() -> String + use<> {
        let out = self.child.stdout.take().unwrap();
        let reader = std::thread::spawn(move || {
            let mut lines = BufReader::new(out).lines();
            lines.try_fold(String::new(), |_, line| line).unwrap()
        });
        move || reader.join().unwrap()
    }
}

fn of_records(desk: &Desk, stream: &Stream, size: usize) {
    let mut reading = Reading::start(desk, stream.name, stream.line);
    let report = reading.report();
    assert!(reading.write(stream.head.as_bytes()), "{}", stream.name);
    let (mut written, mut records) = (0, 0);
    while written < size {
        let mut part = String::new();
        while part.len() < CHUNK_BYTES {
            part.push_str(&(stream.record)(records));
            records += 1;
        }
        assert!(
            reading.write(part.as_bytes()),
            "{} was not read on",
            stream.name
        );
        written += part.len();
    }
    let last = reading.end(stream.name, report);
    let said: serde_json::Value = serde_json::from_str(&last).unwrap();
    let refused = said["summary"]["refused"].as_u64().unwrap();
    // A transfer file that is not closed is one problem more.
    let unclosed = u64::from(stream.name == "pupils.xml");
    assert_eq!(refused, records as u64 + unclosed, "{}", stream.name);
}

fn without_end(desk: &Desk, (name, line, head): (&str, &str, &str), size: usize) {
    let mut reading = Reading::start(desk, name, line);
    let report = reading.report();
    assert!(reading.write(head.as_bytes()));
    let part = vec![b'x'; CHUNK_BYTES];
    let mut written = 0;
    while written < size && reading.write(&part) {
        written += part.len();
    }
    let last = reading.end(name, report);
    let said: serde_json::Value = serde_json::from_str(&last).unwrap();
    assert_eq!(said["summary"]["refused"], 1, "{name}");
}

async fn law(size: usize) {
    let desk = Desk::furnished(Form::Json);
    let before = desk.entries().await;
    for stream in &STREAMS {
        of_records(&desk, stream, size);
    }
    for endless in ENDLESS {
        without_end(&desk, endless, size);
    }
    assert_eq!(desk.entries().await, before, "something was stored");
    desk.end().await;
}

#[test]
fn streams_without_measure_are_read_in_little_memory() {
    run(async || law(RUN_BYTES).await);
}

#[test]
fn campaign_fuzz_large_file() {
    if crate::campaign::wanted() {
        run(async || law(CAMPAIGN_BYTES).await);
    }
}
