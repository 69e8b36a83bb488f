//! How long it takes until every open stream knows that a right is gone, beside the time in which the
//! same streams get an ordinary item: half of them on each of two servers, the other half of the
//! schools looking on.

mod changes;
mod streams;

use std::io::Write as _;
use std::time::Duration;

use anyhow::Context as _;
use baton_benches::exchange::{Exchange, SCHOOLS};
use clap::Parser;
use mimalloc::MiMalloc;
use serde_json::json;

use changes::{CHANGES, Scene};
use streams::Streams;

// As in the program itself.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Of a hundred streams 99 know within this time.
const AIM: Duration = Duration::from_secs(1);

/// Rights that go while streams are open. Wants an empty PostgreSQL database in
/// `BATON_TEST_POSTGRES`: `scripts/pg run -- cargo bench -p baton-benches --bench revoke`.
#[derive(Debug, Parser)]
struct Args {
    /// Open streams, each with a credential of its own.
    #[arg(long, default_value_t = 200)]
    streams: usize,
    /// How often each right goes.
    #[arg(long, default_value_t = 20)]
    rounds: usize,
    /// 40 streams, 4 rounds.
    #[arg(long)]
    quick: bool,
    /// `cargo bench` says so.
    #[arg(long, hide = true)]
    bench: bool,
}

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
    let (streams, rounds) = if args.quick {
        (40, 4)
    } else {
        (args.streams, args.rounds)
    };
    let folder = tempfile::Builder::new().prefix("baton-bench-").tempdir()?;
    let postgres = std::env::var("BATON_TEST_POSTGRES")
        .context("BATON_TEST_POSTGRES is not set: scripts/pg run -- cargo bench …")?;
    let exchange = Exchange::start_on(&folder.path().join("ledger"), Some(postgres)).await?;
    let second = exchange.second().await?;
    let open = Streams::open(&exchange, &second, streams.div_ceil(SCHOOLS)).await?;
    let mut scene = Scene::new(&exchange, &second, open).await?;
    let mut item = Vec::new();
    let mut gone = vec![Vec::new(); CHANGES.len()];
    for _ in 0..rounds {
        for (change, took) in CHANGES.into_iter().zip(&mut gone) {
            let (came, went) = scene.round(change).await?;
            item.extend(came);
            took.extend(went);
        }
    }
    let all = streams.div_ceil(SCHOOLS) * SCHOOLS;
    let limit = told("an item", &mut item, all)?;
    for (change, took) in CHANGES.into_iter().zip(&mut gone) {
        let p99 = told(change.name(), took, all)?;
        let line = json!({
            "right": change.name(), "p99_over_an_item": p99.as_secs_f64() / limit.as_secs_f64(),
            "within_the_aim": p99 <= AIM,
        });
        writeln!(std::io::stdout(), "{line}")?;
    }
    drop(scene);
    second.stop().await;
    exchange.stop().await;
    Ok(())
}

/// Prints one line; the time of 99 of 100.
fn told(what: &str, took: &mut [Duration], streams: usize) -> anyhow::Result<Duration> {
    took.sort_unstable();
    let at = |share: usize| took[(took.len() - 1) * share / 100];
    let ms = |time: Duration| time.as_secs_f64() * 1_000.0;
    let line = json!({
        "what": what, "streams": streams, "told": took.len(),
        "p50_ms": ms(at(50)), "p99_ms": ms(at(99)), "max_ms": ms(at(100)),
    });
    writeln!(std::io::stdout(), "{line}")?;
    Ok(at(99))
}
