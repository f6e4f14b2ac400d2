//! Simulated devices to try a till with: `suanpan-devices-sim printer [ADDRESS]` or `suanpan-devices-sim scale [LINK]`.
//!
//! The printer listens (127.0.0.1:9100) and shows its paper; lines typed set its state: `ready`, `low`, `out`, `open`,
//! `error`, `mute`, `speak`. The scale tells its port (LINK becomes a symbolic link to it) and takes lines: `328` shows
//! a settled weight in grams, `~328` a moving one, `quiet` nothing; anything else is sent as it is. Both end with the input.

use std::io::BufRead;
use std::process::ExitCode;

use suanpan_devices::simulators::{Mouth, Printed, PrinterSim, PrinterState};
use suanpan_domain::receipt::Paper;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let told = match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["printer"] => printer("127.0.0.1:9100"),
        ["printer", address] => printer(address),
        #[cfg(unix)]
        ["scale"] => scale(None),
        #[cfg(unix)]
        ["scale", link] => scale(Some(link)),
        _ => {
            eprintln!("usage: suanpan-devices-sim printer [ADDRESS] | scale [LINK]");
            return ExitCode::from(2);
        }
    };
    match told {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn printer(address: &str) -> std::io::Result<()> {
    let printer = PrinterSim::listen(address, Paper::Mm80)?;
    println!("printer at {}", printer.address());
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for word in std::io::stdin().lock().lines().map_while(Result::ok) {
                printer.behave(|manner| match word.trim() {
                    "ready" => manner.state = PrinterState::Ready,
                    "low" => manner.state = PrinterState::PaperLow,
                    "out" => manner.state = PrinterState::PaperOut,
                    "open" => manner.state = PrinterState::CoverOpen,
                    "error" => manner.state = PrinterState::Error,
                    "mute" => manner.mouth = Mouth::Mute,
                    "speak" => manner.mouth = Mouth::Speaks,
                    other => eprintln!("no such state: {other}"),
                });
            }
            std::process::exit(0);
        });
        let mut shown = 0;
        loop {
            printer.wait(std::time::Duration::from_secs(1), |printed| printed.len() > shown);
            for printed in printer.printed().iter().skip(shown) {
                match printed {
                    Printed::Row { text, .. } => println!("{text}"),
                    other => println!("[{other:?}]"),
                }
                shown += 1;
            }
        }
    })
}

#[cfg(unix)]
fn scale(link: Option<&str>) -> std::io::Result<()> {
    let scale = suanpan_devices::simulators::ScaleSim::start()?;
    if let Some(link) = link {
        if std::fs::symlink_metadata(link).is_ok_and(|found| found.is_symlink()) {
            std::fs::remove_file(link)?;
        }
        std::os::unix::fs::symlink(scale.path(), link)?;
    }
    println!("scale at {}", scale.path().display());
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        let word = line.trim();
        let (word, stable) = word.strip_prefix('~').map_or((word, true), |moving| (moving, false));
        match word.parse() {
            Ok(grams) => scale.show(grams, stable),
            Err(_) if word == "quiet" => scale.quiet(),
            Err(_) => scale.send(format!("{line}\r\n").as_bytes()),
        }
    }
    Ok(())
}
