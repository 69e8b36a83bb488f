//! How long `baton audit verify --state` takes, and how much memory, over ledgers of growing size:
//! offline over an export, and live through the service. Beside it, what hashing the very bytes of
//! the export takes a single thread that does nothing else.
//!
//! The program is the one beside this: `cargo build --release --bins` first.

mod measured;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use baton_benches::content;
use baton_benches::exchange::{Exchange, SCHOOLS};
use baton_benches::job::Move;
use baton_wire::v1;
use clap::Parser;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use mimalloc::MiMalloc;

use measured::{Measured, hashed, run, say};

// As in the program itself.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Calls under way at once, of each caller.
const IN_FLIGHT: usize = 64;
/// Of so many entries one is a publish, one is a planned move, and the others are readings.
const A_PUBLISH_IN: usize = 20;

/// A ledger of a million entries: a move planned and published in each twenty, the others readings.
#[derive(Debug, Parser)]
struct Args {
    /// Entries of the largest ledger.
    #[arg(long, default_value_t = 1_000_000)]
    entries: usize,
    /// 20,000 entries.
    #[arg(long)]
    quick: bool,
    /// The program, where it is not beside this.
    #[arg(long)]
    program: Option<PathBuf>,
    /// `cargo bench` says so.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    rustls::crypto::aws_lc_rs::default_provider()
        .install_default()
        .map_err(|_| anyhow::anyhow!("TLS was set up twice"))?;
    let program = args.program.map_or_else(beside, Ok)?;
    anyhow::ensure!(
        program.exists(),
        "there is no {}: `cargo build --release --bins` makes it",
        program.display()
    );
    let entries = if args.quick { 20_000 } else { args.entries };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let folder = tempfile::Builder::new().prefix("baton-bench-").tempdir()?;
    let exchange = runtime.block_on(Exchange::start(&folder.path().join("ledger")))?;
    let connection = exchange.connection(folder.path())?;
    let mut all = Vec::new();
    for size in [entries / 10, entries / 4, entries / 2, entries] {
        runtime.block_on(grow(&exchange, size))?;
        let one = measure(&program, &connection, &folder.path().join("export"))?;
        say(&one.line())?;
        all.push(one);
    }
    runtime.block_on(exchange.stop());
    say(&measured::table(&all))?;
    say(&measured::json(&all)?)
}

/// Where `cargo` puts the program.
fn beside() -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe()?;
    let built = own.parent().and_then(Path::parent);
    Ok(built.context("a program in no folder")?.join("baton"))
}

/// Entries until there are so many.
async fn grow(exchange: &Exchange, size: usize) -> anyhow::Result<()> {
    let so_far = usize::try_from(exchange.size()?)?;
    let publishes = size.saturating_sub(so_far) / A_PUBLISH_IN;
    let planned = exchange.plan(so_far..so_far + publishes, SCHOOLS).await?;
    for school in 0..SCHOOLS {
        let sender = exchange.sender(school).await?;
        let own = planned.iter().filter(|one| one.sender == school);
        let publish = |one: &Move| {
            let request = content::request(&one.transition, one.seed);
            let sender = &sender;
            async move { sender.publish_profile(request).await.map(drop) }
        };
        let calls = stream::iter(own).map(publish).buffer_unordered(IN_FLIGHT);
        calls.try_collect::<()>().await?;
    }
    let read = || async {
        let request = v1::ListSettingsRequest {
            page_size: 1,
            ..Default::default()
        };
        exchange.officer().list_settings(request).await.map(drop)
    };
    let left = size.saturating_sub(usize::try_from(exchange.size()?)?);
    let calls = stream::iter(0..left).map(|_| read());
    calls
        .buffer_unordered(IN_FLIGHT)
        .try_collect::<()>()
        .await?;
    Ok(())
}

/// Exports the ledger, and checks the export, then the ledger itself.
fn measure(program: &Path, connection: &Path, folder: &Path) -> anyhow::Result<Measured> {
    let into = folder.to_str().context("a folder with another name")?;
    let export = run(program, Some(connection), &["export", into])?;
    let offline = run(program, None, &["verify", into, "--state"])?;
    let live = run(program, Some(connection), &["verify", "--state"])?;
    let (bytes, hashing) = hashed(&folder.join("tile"))?;
    let sum = offline.summary()?;
    let number = |name: &str| sum[name].as_u64().with_context(|| format!("no {name}"));
    fs::metadata(folder.join("checkpoint"))?;
    Ok(Measured {
        entries: number("size")?,
        rows: number("access_rows")?,
        bytes,
        hashing,
        export,
        offline,
        live,
    })
}
