//! One law, and inputs held against it until it breaks or time is up.

use std::{
    fmt::Write as _,
    panic::{self, AssertUnwindSafe},
    time::Instant,
};

use super::{Dice, seed, time};

/// Inputs tried at most to make one that fails smaller.
const SHRINKING: usize = 4_000;
/// Bytes of a failing input that are printed.
const PRINTED: usize = 600;

/// What an input came to.
pub(crate) enum Met {
    /// It was read.
    Accepted,
    /// It was refused as it should be.
    Refused,
}

/// Whether it was read.
impl From<bool> for Met {
    fn from(accepted: bool) -> Self {
        if accepted {
            Self::Accepted
        } else {
            Self::Refused
        }
    }
}

/// Holds inputs against a law. The law says what the input came to, or what was broken; a panic
/// breaks every law. What fails is made smaller and told with the seed.
pub(crate) fn search(
    name: &str,
    rounds: u64,
    input: impl Fn(&mut Dice) -> Vec<u8>,
    law: impl Fn(&[u8]) -> Result<Met, String>,
) {
    let (seed, began, time) = (seed(), Instant::now(), time());
    let (mut inputs, mut accepted, mut bytes) = (0_u64, 0_u64, 0_usize);
    while time.map_or(inputs < rounds, |time| began.elapsed() < time) {
        let made = input(&mut Dice::of(seed, inputs));
        match held(&law, &made) {
            Ok(Met::Accepted) => accepted += 1,
            Ok(Met::Refused) => {}
            Err(broken) => fail(name, seed, inputs, &law, made, &broken),
        }
        inputs += 1;
        bytes += made.len();
    }
    println!(
        "figures: {name}: seed={seed} inputs={inputs} accepted={accepted} bytes={bytes} broken=0"
    );
}

fn held(law: &impl Fn(&[u8]) -> Result<Met, String>, input: &[u8]) -> Result<Met, String> {
    panic::catch_unwind(AssertUnwindSafe(|| law(input))).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
        Err(format!("panicked: {}", text.unwrap_or("without a word")))
    })
}

fn fail(
    name: &str,
    seed: u64,
    round: u64,
    law: &impl Fn(&[u8]) -> Result<Met, String>,
    input: Vec<u8>,
    broken: &str,
) -> ! {
    let smallest = smaller(law, input);
    let head = &smallest[..smallest.len().min(PRINTED)];
    let hex = head.iter().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    });
    panic!(
        "{name}: {broken}\nfigures: {name}: seed={seed} round={round} broken=1\n\
         smallest input, {} bytes: {hex}\nas text: {}",
        smallest.len(),
        String::from_utf8_lossy(head).escape_debug(),
    );
}

/// Leaves out of an input what it fails without.
fn smaller(law: &impl Fn(&[u8]) -> Result<Met, String>, mut input: Vec<u8>) -> Vec<u8> {
    let mut tries = 0;
    let mut piece = input.len().div_ceil(2);
    while piece > 0 && tries < SHRINKING {
        let mut at = 0;
        while at < input.len() && tries < SHRINKING {
            let mut without = input.clone();
            without.drain(at..(at + piece).min(input.len()));
            tries += 1;
            if held(law, &without).is_err() {
                input = without;
            } else {
                at += piece;
            }
        }
        piece /= 2;
    }
    input
}
