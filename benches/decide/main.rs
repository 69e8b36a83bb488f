//! How long it takes to decide a profile of eight sections: by the policies with their memory, with
//! an empty memory, and by plain Cedar in the same run.

mod plain;

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use baton_domain::access::{
    Action, AgeStage, Assurance, Decider, Delegation, Facts, PolicySet, PolicyText, Relation, Role,
    RoleSet, RouteGroup, SharingDecision, Tuple,
};
use baton_domain::opening::Window;
use baton_domain::section::SectionKind;
use clap::Parser;
use mimalloc::MiMalloc;
use serde_json::json;

use plain::Plain;

// As in the program itself.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// What a profile of a move to secondary school has, as a rule.
const KINDS: [SectionKind; 8] = [
    SectionKind::Identity,
    SectionKind::ContactsAndResponsibility,
    SectionKind::Attainment,
    SectionKind::Attendance,
    SectionKind::Characteristics,
    SectionKind::Send,
    SectionKind::PastoralAndBehaviour,
    SectionKind::Health,
];

/// Eight decisions on a profile, over and over.
#[derive(Debug, Parser)]
struct Args {
    /// Profiles with the memory warm, and requests that are made beforehand.
    #[arg(long, default_value_t = 200_000)]
    profiles: usize,
    /// Profiles with an empty memory, and those whose requests plain Cedar is made anew.
    #[arg(long, default_value_t = 5_000)]
    slow: usize,
    /// A tenth of each.
    #[arg(long)]
    quick: bool,
    /// `cargo bench` says so.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let least = if args.quick { 10 } else { 1 };
    let (many, few) = (args.profiles / least, args.slow / least);
    let set = Arc::new(PolicySet::shipped()?);
    let plain = Plain::shipped()?;
    let facts = KINDS.map(facts);
    let mut all = Vec::new();
    let mut tell = |what: &'static str, times: Vec<Duration>| all.push(told(what, times));

    let warm = Decider::new(Arc::clone(&set));
    decide(&warm, &facts);
    tell("memory warm", each(many, || decide(&warm, &facts)));
    let cold: Vec<Decider> = (0..few).map(|_| Decider::new(Arc::clone(&set))).collect();
    let mut next = cold.iter().cycle();
    tell(
        "memory empty",
        each(few, || {
            next.next().map_or(0, |decider| decide(decider, &facts))
        }),
    );
    tell("no memory", each(few, || undecided(&set, &facts)));
    let requests = Plain::requests(&facts)?;
    tell(
        "plain Cedar, is_authorized alone",
        each(few, || plain.decide(&requests)),
    );
    tell(
        "plain Cedar, requests made too",
        each(few, || {
            Plain::requests(&facts).map_or(0, |made| plain.decide(&made))
        }),
    );
    let allowed = decide(&warm, &facts);
    anyhow::ensure!(allowed == plain.decide(&requests), "they answer alike");
    checked(&mut all);
    say(&json!({ "sections": KINDS.len(), "allowed": allowed, "measured": all }).to_string());
    Ok(())
}

/// A SENCO of the school a child moves to, when its window is open.
fn facts(kind: SectionKind) -> Facts {
    Facts {
        relation: Relation::NamedDestination,
        kind: Some(kind),
        window: Window::Open,
        agreement_in_force: true,
        sharing: SharingDecision::Undecided,
        age: AgeStage::Under16,
        delegation: Delegation::Direct,
        assurance: Assurance::Certificate,
        route: RouteGroup::Coordinated,
        ..Facts::about(Action::Read, RoleSet::only(Role::Senco))
    }
}

fn decide(decider: &Decider, facts: &[Facts]) -> usize {
    let allowed = |facts: &&Facts| decider.decide(&Tuple::new(black_box(**facts))).allowed;
    facts.iter().filter(allowed).count()
}

fn undecided(set: &PolicySet, facts: &[Facts]) -> usize {
    let allowed = |facts: &&Facts| set.decide(&Tuple::new(black_box(**facts))).allowed;
    facts.iter().filter(allowed).count()
}

/// How long each of so many times took.
fn each(times: usize, mut work: impl FnMut() -> usize) -> Vec<Duration> {
    let one = |_| {
        let begun = Instant::now();
        black_box(work());
        begun.elapsed()
    };
    (0..times).map(one).collect()
}

fn told(what: &str, mut times: Vec<Duration>) -> serde_json::Value {
    times.sort_unstable();
    let at = |part: f64| {
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a place among some hundred thousand"
        )]
        let place = (times.len() as f64 * part) as usize;
        let time = times.get(place.min(times.len().saturating_sub(1)));
        time.map_or(0.0, |time| time.as_secs_f64() * 1_000_000.0)
    };
    let (p50, p99, profiles) = (at(0.5), at(0.99), times.len());
    say(&format!(
        "{what}: p50 {p50:.2} µs, p99 {p99:.2} µs, of {profiles} profiles"
    ));
    json!({ "what": what, "p50_us": p50, "p99_us": p99, "profiles": profiles })
}

/// What a replacement takes: the shipped set examined beside itself, and loaded by another node.
fn checked(all: &mut Vec<serde_json::Value>) {
    let before = PolicySet::shipped().ok();
    let text = PolicyText::shipped();
    let examine =
        || usize::from(PolicySet::examine(text.clone(), before.as_ref(), &|| true).is_ok());
    all.push(told("a replacement checked and compared", each(3, examine)));
    let parse = || usize::from(PolicySet::parse(text.clone()).is_ok());
    all.push(told("a set loaded and checked", each(3, parse)));
}

#[expect(clippy::print_stdout, reason = "figures are what this is for")]
fn say(line: &str) {
    println!("{line}");
}
