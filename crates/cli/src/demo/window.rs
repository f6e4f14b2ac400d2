//! The demo with a window: the hub here, the till in its own process, and a line to stop and start the hub.

use std::error::Error;
use std::process::ExitCode;

use tokio::io::{AsyncBufReadExt, BufReader, stdin};
use tokio::process::{Child, Command};

use super::Args;
use super::chain::{Chain, HQ_USER};

pub(super) async fn run(args: &Args) -> Result<ExitCode, Box<dyn Error>> {
    let mut chain = Chain::start(args, &args.data_dir, args.port).await?;
    println!("HQ    {}/hq.html   user {HQ_USER}   password {}", chain.url, chain.hq_password);
    println!("Till  sign in as 1101 with PIN 3141 (cashier), or 1801 with PIN 8246 (supervisor)");
    println!("Type stop and Enter to stop the hub, start to start it again. Close the till's window to end.");
    let mut till = open_till(args, &chain)?;
    let mut lines = BufReader::new(stdin()).lines();
    let mut has_lines = true;
    loop {
        tokio::select! {
            status = till.wait() => {
                chain.stop().await;
                return Ok(if status?.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE });
            }
            line = lines.next_line(), if has_lines => match line?.as_deref().map(str::trim) {
                Some("stop") => { chain.stop().await; println!("The hub is stopped. Sell on."); }
                Some("start") => { chain.restart().await?; println!("The hub is up at {}.", chain.url); }
                Some(_) => println!("stop or start"),
                None => has_lines = false,
            }
        }
    }
}

fn open_till(args: &Args, chain: &Chain) -> Result<Child, Box<dyn Error>> {
    let program = std::env::current_exe()?.with_file_name(format!("pos-app{}", std::env::consts::EXE_SUFFIX));
    let mut command = Command::new(&program);
    command.arg("--data-dir").arg(args.data_dir.join("till-1"));
    command.args(["--hub", &chain.url, "--enrol-code", &chain.enrol_code]);
    command.kill_on_drop(true);
    command.spawn().map_err(|error| format!("{}: {error}; build pos-app first", program.display()).into())
}
