//! This machine's language and devices, and closing the app.

use suanpan_contract::{ApproveAction, Code, DeviceSettings, Found, Language, PrinterTarget};
use suanpan_devices::{PrinterSettings, PrinterTarget as Target};
use suanpan_domain::money::Fen;
use suanpan_domain::receipt::Paper;

use super::approval::{self, Approval};
use super::say::{Done, Say, count};
use super::turn::Turn;

/// The longest device path, address or printer name.
const TARGET_LEN_MAX: usize = 260;

/// Switches screen and receipts.
pub(crate) fn set_language(turn: &mut Turn<'_>, language: Language) -> Done {
    let mut settings = turn.shop.settings.clone();
    settings.language = language;
    turn.new_settings = Some(settings);
    Ok(())
}

/// What the devices are.
pub(crate) fn devices(turn: &mut Turn<'_>) -> Done {
    turn.found = Some(Found::Devices { devices: turn.shop.settings.devices.clone() });
    Ok(())
}

/// Changes the devices.
pub(crate) fn set_devices(turn: &mut Turn<'_>, devices: &DeviceSettings) -> Done {
    let target = target(devices);
    let fits = |text: &str| text.len() <= TARGET_LEN_MAX && !text.chars().any(char::is_control);
    if target.trim().is_empty() || !fits(target) || !fits(&devices.scale_port) {
        return Err(Code::BadRequest.into());
    }
    let now = approval::text(&described(&turn.shop.settings.devices));
    let wanted = Approval::new(ApproveAction::SetDevices, Fen::ZERO).from(now);
    turn.authorise(wanted.to(approval::text(&described(devices))))?;
    let mut settings = turn.shop.settings.clone();
    settings.devices = devices.clone();
    turn.new_settings = Some(settings);
    turn.say(Code::DevicesSaved);
    Ok(())
}

fn target(devices: &DeviceSettings) -> &str {
    match &devices.printer {
        PrinterTarget::None => "-",
        PrinterTarget::Tcp { address } => address,
        PrinterTarget::Device { path } | PrinterTarget::File { path } => path,
        PrinterTarget::Spooler { name } => name,
    }
}

/// Printer, paper and scale in one line.
fn described(devices: &DeviceSettings) -> String {
    let scale = if devices.scale_port.is_empty() { "-" } else { &devices.scale_port };
    let mm = if paper(devices) == Paper::Mm58 { 58 } else { 80 };
    format!("{} · {mm} mm · {scale}", target(devices))
}

/// Closes the app; warns once when receipts are unsent.
pub(crate) fn quit(turn: &mut Turn<'_>) -> Done {
    let unsent = turn.shop.unsent();
    if unsent == 0 || turn.desk.quit_warned {
        turn.found = Some(Found::MayQuit);
        return Ok(());
    }
    turn.desk.quit_warned = true;
    turn.say(Say::new(Code::UnsentAtClose).with("count", count(unsent)));
    Ok(())
}

/// The printer as the queue wants it; `None` when there is none.
pub(crate) fn printer(devices: &DeviceSettings) -> Option<PrinterSettings> {
    let target = match &devices.printer {
        PrinterTarget::None => return None,
        PrinterTarget::Tcp { address } => Target::Tcp { address: address.clone() },
        PrinterTarget::Device { path } => Target::UsbLp { path: path.into() },
        PrinterTarget::File { path } => Target::File { path: path.into() },
        PrinterTarget::Spooler { name } => Target::Spooler { name: name.clone() },
    };
    let drawer = suanpan_devices::DrawerPin::default();
    Some(PrinterSettings { target, paper: paper(devices), drawer })
}

/// The paper; 80 mm unless 58 is said.
pub(crate) fn paper(devices: &DeviceSettings) -> Paper {
    if devices.paper_mm == 58 { Paper::Mm58 } else { Paper::Mm80 }
}
