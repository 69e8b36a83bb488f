//! Whether time tells what an answer does not: a school asks about another's move or profile and about
//! none at all, and is refused both in the same words. Each pair is asked one after the other in an
//! order of chance, over one connection, with nobody else there: the best an asker can have.

mod curve;

use std::io::Write as _;
use std::time::Instant;

use anyhow::Context as _;
use baton_benches::content;
use baton_benches::exchange::Exchange;
use baton_client::Client;
use baton_domain::ids::{ProfileId, TransitionId};
use baton_wire::v1;
use clap::Parser;
use futures::future::BoxFuture;
use mimalloc::MiMalloc;
use serde_json::json;

use curve::area;

// As in the program itself.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Share of right answers by the best single threshold, beyond which time would tell.
const AIM: f64 = 0.53;
/// Pairs before the measured ones.
const WARM: usize = 200;
/// Moves and profiles that are there and asked about in turn.
const THERE: usize = 64;
/// Sending schools: who asks, and whose moves they are.
const ASKER: usize = 0;
const SCHOOLS: usize = 2;

/// Pairs of refused calls, one about what is there and one about nothing.
#[derive(Debug, Parser)]
struct Args {
    /// Pairs for each of the four calls.
    #[arg(long, default_value_t = 2_500)]
    pairs: usize,
    /// 500 pairs.
    #[arg(long)]
    quick: bool,
    /// Where the orders begin.
    #[arg(long, default_value_t = 22_112_026)]
    seed: u64,
    /// `cargo bench` says so.
    #[arg(long, hide = true)]
    bench: bool,
}

/// What is asked about.
#[derive(Clone, Copy)]
enum Of {
    Move,
    Profile,
}

impl Of {
    /// The name the asker would have for it.
    fn name(self, parent: &str, id: &str) -> String {
        match self {
            Self::Move => format!("{parent}/transitions/{id}"),
            Self::Profile => format!("{parent}/profiles/{id}"),
        }
    }

    /// An id as random as a real one, that nothing has.
    fn nobodys(self, chance: &mut u64) -> String {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&drawn(chance).to_be_bytes());
        bytes[8..].copy_from_slice(&drawn(chance).to_be_bytes());
        match self {
            Self::Move => TransitionId::from_bytes(bytes).to_string(),
            Self::Profile => ProfileId::from_bytes(bytes).to_string(),
        }
    }
}

/// Asks about something under a name; whether it was refused.
type Ask = fn(Client, String) -> BoxFuture<'static, bool>;

const CALLS: [(&str, Of, Ask); 4] = [
    ("GetTransition", Of::Move, |asker, name| {
        let request = v1::GetTransitionRequest {
            name,
            ..Default::default()
        };
        Box::pin(async move { asker.get_transition(request).await.is_err() })
    }),
    ("GetProfile", Of::Profile, |asker, name| {
        let request = v1::GetProfileRequest {
            name,
            ..Default::default()
        };
        Box::pin(async move { asker.get_profile(request).await.is_err() })
    }),
    ("WithdrawProfile", Of::Profile, |asker, name| {
        let request = v1::WithdrawProfileRequest {
            name,
            ..Default::default()
        };
        Box::pin(async move { asker.withdraw_profile(request).await.is_err() })
    }),
    ("WhoSaw", Of::Move, |asker, transition| {
        let request = v1::WhoSawRequest {
            transition,
            ..Default::default()
        };
        Box::pin(async move { asker.who_saw(request).await.is_err() })
    }),
];

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    rustls::crypto::aws_lc_rs::default_provider()
        .install_default()
        .map_err(|_| anyhow::anyhow!("TLS was set up twice"))?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(run(&args))
}

async fn run(args: &Args) -> anyhow::Result<()> {
    let pairs = if args.quick { 500 } else { args.pairs };
    let folder = tempfile::Builder::new().prefix("baton-bench-").tempdir()?;
    let exchange = Exchange::start(&folder.path().join("ledger")).await?;
    let (moves, profiles) = sent(&exchange).await?;
    let asker = exchange.sender(ASKER).await?;
    let own = asker.parent().context("nobody asks")?.to_owned();
    let mut chance = args.seed;
    let mut told = Vec::new();
    for (call, of, ask) in CALLS {
        let there = match of {
            Of::Move => &moves,
            Of::Profile => &profiles,
        };
        let (mut of_there, mut of_nothing) = (Vec::new(), Vec::new());
        for pair in 0..WARM + pairs {
            let known = of.name(&own, &there[pair % there.len()]);
            let nothing = of.name(&own, &of.nobodys(&mut chance));
            let known_first = drawn(&mut chance) & 1 == 0;
            let (first, second) = if known_first {
                (known, nothing)
            } else {
                (nothing, known)
            };
            let first = timed(ask, &asker, first).await?;
            let second = timed(ask, &asker, second).await?;
            if pair >= WARM {
                let (known, nothing) = if known_first {
                    (first, second)
                } else {
                    (second, first)
                };
                of_there.push(known);
                of_nothing.push(nothing);
            }
        }
        let line = json!({
            "call": call, "pairs": pairs, "area": area(&of_there, &of_nothing), "aim": AIM,
            "p50_us_there": median(&mut of_there), "p50_us_nothing": median(&mut of_nothing),
        });
        writeln!(std::io::stdout(), "{line}")?;
        told.push(line);
    }
    exchange.stop().await;
    writeln!(
        std::io::stdout(),
        "{}",
        json!({ "seed": args.seed, "calls": told })
    )?;
    Ok(())
}

/// Ids of moves and profiles of the other school.
async fn sent(exchange: &Exchange) -> anyhow::Result<(Vec<String>, Vec<String>)> {
    let (mut moves, mut profiles) = (Vec::new(), Vec::new());
    for planned in exchange.plan(0..THERE * SCHOOLS, SCHOOLS).await? {
        if planned.sender == ASKER {
            continue;
        }
        let sender = exchange.sender(planned.sender).await?;
        let request = content::request(&planned.transition, planned.seed);
        let name = sender.publish_profile(request).await?.name;
        for (ids, name) in [(&mut moves, &planned.transition), (&mut profiles, &name)] {
            ids.push(
                name.rsplit('/')
                    .next()
                    .context("a name without an id")?
                    .to_owned(),
            );
        }
    }
    Ok((moves, profiles))
}

/// Microseconds until a call was refused.
async fn timed(ask: Ask, asker: &Client, name: String) -> anyhow::Result<f64> {
    let asked = ask(asker.clone(), name);
    let before = Instant::now();
    let refused = asked.await;
    let took = before.elapsed();
    anyhow::ensure!(refused, "a stranger was answered");
    Ok(took.as_secs_f64() * 1e6)
}

/// The next number of a sequence that is the same for the same seed (`SplitMix64`).
fn drawn(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

fn median(times: &mut [f64]) -> f64 {
    times.sort_unstable_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or_default()
}
