//! The demo with a window: the hub here, the till in its own process, and a line to stop and start the hub.

use std::error::Error;
use std::io::IsTerminal;
use std::process::{ExitCode, Stdio};

use tokio::io::{AsyncBufReadExt, BufReader, stdin};
use tokio::process::{Child, Command};

use super::args::Args;
use super::chain::{Chain, HQ_USER};

pub(super) async fn run(args: &Args) -> Result<ExitCode, Box<dyn Error>> {
    let mut chain = Chain::start(args, &args.data_dir, args.port).await?;
    println!("HQ    {}/hq.html   user {HQ_USER}   password {}", chain.url, chain.hq_password);
    println!("Till  sign in as 1101 with PIN 3141 (cashier), or 1801 with PIN 8246 (supervisor)");
    println!("Type stop and Enter to stop the hub, start to start it again. Close the till's window to end.");
    let mut till = open_till(args, &chain)?;
    // Held apart from the till, since waiting for a child closes its input.
    let input = till.stdin.take();
    let shown = serve(&mut chain, &mut till).await;
    // The till hears that its input has ended, and ends by itself: what it has begun to write is written.
    drop(input);
    let ended = till.wait().await;
    chain.stop().await;
    shown?;
    Ok(if ended?.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Serves until the window is closed, or whoever started the demo ends it.
async fn serve(chain: &mut Chain, till: &mut Child) -> Result<(), Box<dyn Error>> {
    let mut lines = BufReader::new(stdin()).lines();
    // What is no terminal has said all that it will, and says nothing about who looks at the window.
    let is_terminal = std::io::stdin().is_terminal();
    let mut has_lines = true;
    let mut interrupted = std::pin::pin!(interrupted());
    loop {
        tokio::select! {
            _ = till.wait() => return Ok(()),
            () = &mut interrupted => return Ok(()),
            line = lines.next_line(), if has_lines => match line.ok().flatten().as_deref().map(str::trim) {
                Some("stop") => { chain.stop().await; println!("The hub is stopped. Sell on."); }
                Some("start") => { chain.restart().await?; println!("The hub is up at {}.", chain.url); }
                Some(_) => println!("stop or start"),
                None if is_terminal => return Ok(()),
                None => has_lines = false,
            }
        }
    }
}

/// Ctrl-C, the end asked for by the system, and the terminal's own window closed.
#[cfg(unix)]
async fn interrupted() {
    use tokio::signal::unix::{SignalKind, signal};
    let signals = (signal(SignalKind::terminate()), signal(SignalKind::hangup()));
    let (Ok(mut terminate), Ok(mut hangup)) = signals else { return std::future::pending().await };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
        _ = hangup.recv() => {}
    }
}

#[cfg(not(unix))]
async fn interrupted() {
    let _ = tokio::signal::ctrl_c().await;
}

fn open_till(args: &Args, chain: &Chain) -> Result<Child, Box<dyn Error>> {
    let program = std::env::current_exe()?.with_file_name(format!("pos-app{}", std::env::consts::EXE_SUFFIX));
    let mut command = Command::new(&program);
    command.arg("--data-dir").arg(args.data_dir.join("till-1"));
    command.args(["--hub", &chain.url, "--enrol-code", &chain.enrol_code]);
    // However this process ends, the system closes its end of the pipe.
    command.arg("--ends-with-input").stdin(Stdio::piped()).kill_on_drop(true);
    command.spawn().map_err(|error| format!("{}: {error}; build pos-app first", program.display()).into())
}
