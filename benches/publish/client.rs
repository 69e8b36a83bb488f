//! The second process: publishes what its job says, through the client crate.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use baton_benches::content;
use baton_benches::job::{self, Job, Told};
use baton_client::{Client, Connection, RetryPolicy};
use baton_wire::v1;
use futures::{StreamExt as _, stream};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use crate::report;

const READY: &str = "ready";
const GO: &str = "go";

/// The client as the exchange sees it.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
}

impl Process {
    /// Starts a client and waits until it is warm.
    pub(crate) fn start(folder: &Path, job: &Job) -> anyhow::Result<Self> {
        let file = folder.join("job.json");
        std::fs::write(&file, serde_json::to_vec(job)?)?;
        let mut child = Command::new(std::env::current_exe()?)
            .arg("--client")
            .arg(&file)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let to = child.stdin.take().context("the client has no input")?;
        let from = BufReader::new(child.stdout.take().context("the client has no output")?);
        let mut process = Self { child, to, from };
        let said = process.line()?;
        anyhow::ensure!(said == READY, "the client said {said:?}");
        Ok(process)
    }

    /// Lets it publish, and waits until it has.
    pub(crate) fn go(&mut self) -> anyhow::Result<Told> {
        writeln!(self.to, "{GO}")?;
        let told = serde_json::from_str(&self.line()?).context("the client's answer")?;
        self.child.wait()?;
        Ok(told)
    }

    fn line(&mut self) -> anyhow::Result<String> {
        let mut line = String::new();
        self.from.read_line(&mut line)?;
        Ok(line.trim_end().to_owned())
    }
}

/// The life of the client.
pub(crate) fn run(runtime: &Runtime, job: &Path) -> anyhow::Result<()> {
    let mut job: Job = serde_json::from_slice(&std::fs::read(job)?)?;
    let measured = job.moves.split_off(job.warm);
    let warm = requests(&job, &job.moves);
    let measured = requests(&job, &measured);
    for request in measured.iter().flatten() {
        let content = request
            .profile
            .as_ref()
            .and_then(|profile| profile.content.as_ref());
        let bytes = content.map_or(0, prost::Message::encoded_len);
        anyhow::ensure!(
            bytes == content::CONTENT_BYTES,
            "a profile of {bytes} bytes"
        );
    }
    let clients = runtime.block_on(connect(&job))?;
    runtime.block_on(publish(&clients, warm, job.in_flight))?;
    report::say(READY)?;
    let mut line = String::new();
    std::io::stdin().read_line(&mut line)?;
    anyhow::ensure!(line.trim_end() == GO, "the exchange said {line:?}");

    let (began, spent) = (Instant::now(), job::cpu_seconds());
    let mut took = runtime.block_on(publish(&clients, measured, job.in_flight))?;
    let (seconds, cpu_seconds) = (began.elapsed().as_secs_f64(), job::cpu_seconds() - spent);
    took.sort_unstable();
    let told = Told {
        publishes: took.len(),
        seconds,
        p50_us: share(&took, 50),
        p99_us: share(&took, 99),
        cpu_seconds,
    };
    report::say(&serde_json::to_string(&told)?)
}

/// How long that many of a hundred took at most.
fn share(sorted: &[Duration], percent: usize) -> u64 {
    let at = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
    let took = sorted.get(at).copied().unwrap_or_default();
    u64::try_from(took.as_micros()).unwrap_or(u64::MAX)
}

/// The requests of each sender, made beforehand.
fn requests(job: &Job, moves: &[job::Move]) -> Vec<Vec<v1::PublishProfileRequest>> {
    let mut of: Vec<Vec<_>> = job.senders.iter().map(|_| Vec::new()).collect();
    for one in moves {
        of[one.sender].push(content::request(&one.transition, one.seed));
    }
    of
}

async fn connect(job: &Job) -> anyhow::Result<Vec<Client>> {
    let mut clients = Vec::new();
    for sender in &job.senders {
        let connection = Connection::builder(&job.url)
            .ca_pem(&job.authority)
            .identity_pem(&sender.certificate, &sender.key)
            // A publish that fails is to show, not to be done again.
            .retry(RetryPolicy::once())
            .connect()
            .await?;
        clients.push(Client::new(connection).acting_for(&sender.setting));
    }
    Ok(clients)
}

/// Publishes everything; how long each took.
async fn publish(
    clients: &[Client],
    requests: Vec<Vec<v1::PublishProfileRequest>>,
    in_flight: usize,
) -> anyhow::Result<Vec<Duration>> {
    let busy = requests
        .iter()
        .filter(|requests| !requests.is_empty())
        .count();
    let each = in_flight / busy.max(1);
    let mut under_way = JoinSet::new();
    for (client, requests) in clients.iter().zip(requests) {
        let client = client.clone();
        under_way.spawn(async move {
            let calls = stream::iter(requests).map(|request| one(&client, request));
            calls
                .buffer_unordered(each.max(1))
                .collect::<Vec<_>>()
                .await
        });
    }
    let mut took = Vec::new();
    while let Some(of_one) = under_way.join_next().await {
        for one in of_one? {
            took.push(one?);
        }
    }
    Ok(took)
}

async fn one(client: &Client, request: v1::PublishProfileRequest) -> anyhow::Result<Duration> {
    let began = Instant::now();
    let answer = client.publish_profile(request).await?;
    anyhow::ensure!(
        answer.changed && answer.version == 1,
        "{} was there",
        answer.name
    );
    Ok(began.elapsed())
}
