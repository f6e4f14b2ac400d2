//! This machine's language and devices, and closing the app.

use std::path::Path;

use suanpan_contract::{ApproveAction, Code, DeviceSettings, Language, PrinterTarget};
use suanpan_devices::{Misplaced, PrinterSettings, PrinterTarget as Target, check_device, check_file};
use suanpan_domain::money::Fen;
use suanpan_domain::receipt::Paper;

use super::Fault;
use crate::approval::{self, Approval};
use crate::files::name_of;
use crate::kinds::{Given, Kinds};
use crate::say::{Say, count};
use crate::turn::{Done, Turn};

/// The longest device path, address or printer name.
const TARGET_LEN_MAX: usize = 260;

/// Switches screen and receipts.
pub(crate) fn set_language<K: Kinds>(turn: &mut Turn<'_, K>, language: Language) -> Done<K> {
    let mut settings = turn.shop.settings.clone();
    settings.language = language;
    turn.new_settings = Some(settings);
    Ok(())
}

/// What the devices are.
pub(crate) fn devices<K: Kinds>(turn: &mut Turn<'_, K>) -> Done<K> {
    turn.found = Some(Given::Devices(turn.shop.settings.devices.clone()).into());
    Ok(())
}

/// Where the printer is, as it was typed; `-` for none.
pub(crate) fn printer_place(devices: &DeviceSettings) -> &str {
    match &devices.printer {
        PrinterTarget::None => "-",
        PrinterTarget::Tcp { address } => address,
        PrinterTarget::Device { path } | PrinterTarget::File { path } => path,
        PrinterTarget::Spooler { name } => name,
    }
}

/// Changes the devices.
pub(crate) fn set_devices<K: Kinds>(turn: &mut Turn<'_, K>, devices: &DeviceSettings) -> Done<K> {
    let target = printer_place(devices);
    let fits = |text: &str| text.len() <= TARGET_LEN_MAX && !text.chars().any(char::is_control);
    if target.trim().is_empty() || !fits(target) || !fits(&devices.scale_port) {
        return Err(Code::BadRequest.into());
    }
    check_places(devices, &turn.shop.folder)?;
    let now = approval::devices(&turn.shop.settings.devices);
    let wanted = Approval::new(ApproveAction::SetDevices, Fen::ZERO).from(now);
    turn.authorise(wanted.to(approval::devices(devices)))?;
    let mut settings = turn.shop.settings.clone();
    settings.devices = devices.clone();
    turn.new_settings = Some(settings);
    turn.say(Code::DevicesSaved);
    Ok(())
}

/// Refuses a path behind which is something else than a device: a key, a ledger, a disk.
fn check_places(devices: &DeviceSettings, folder: &Path) -> Result<(), Say> {
    let misplaced = |code: Code, path: &str| Say::new(code).with("path", path);
    match &devices.printer {
        PrinterTarget::Device { path } => {
            check_device(Path::new(path)).map_err(|_| misplaced(Code::DeviceRefused, path))?;
        }
        PrinterTarget::File { path } => {
            let checked = match Path::new(path).is_absolute() {
                true => check_file(Path::new(path), folder),
                // Where it leads would depend on how the app was started.
                false => Err(Misplaced::NotReceipts),
            };
            checked.map_err(|why| match why {
                Misplaced::InFolder => misplaced(Code::PrinterFileInFolder, path),
                _ => misplaced(Code::PrinterFileRefused, path),
            })?;
        }
        PrinterTarget::None | PrinterTarget::Tcp { .. } | PrinterTarget::Spooler { .. } => {}
    }
    let port = &devices.scale_port;
    let is_placed = port.is_empty() || check_device(Path::new(port)).is_ok();
    is_placed.then_some(()).ok_or_else(|| misplaced(Code::DeviceRefused, port))
}

/// What is told of a settings file that was wrong.
pub(crate) fn fault(fault: &Fault) -> Say {
    let kept = name_of(fault.kept.as_deref());
    Say::new(Code::SettingsDamaged).with("what", &fault.what).with("kept", kept)
}

/// Closes the app; warns once when receipts are unsent.
pub(crate) fn quit<K: Kinds>(turn: &mut Turn<'_, K>) -> Done<K> {
    let unsent = turn.shop.unsent();
    if unsent == 0 || turn.desk.quit_warned {
        turn.found = Some(Given::MayQuit.into());
        return Ok(());
    }
    turn.desk.quit_warned = true;
    turn.say(Say::new(Code::UnsentAtClose).with("count", count(unsent)));
    Ok(())
}

/// The printer as the queue wants it; `None` when there is none.
pub(crate) fn printer(devices: &DeviceSettings, folder: &Path) -> Option<PrinterSettings> {
    let target = match &devices.printer {
        PrinterTarget::None => return None,
        PrinterTarget::Tcp { address } => Target::Tcp { address: address.clone() },
        PrinterTarget::Device { path } => Target::UsbLp { path: path.into() },
        PrinterTarget::File { path } => Target::File { path: path.into() },
        PrinterTarget::Spooler { name } => Target::Spooler { name: name.clone() },
    };
    let drawer = suanpan_devices::DrawerPin::default();
    Some(PrinterSettings { target, paper: paper(devices), drawer, keep_out: folder.to_owned() })
}

/// The paper; 80 mm unless 58 is said.
pub(crate) fn paper(devices: &DeviceSettings) -> Paper {
    if devices.paper_mm == 58 { Paper::Mm58 } else { Paper::Mm80 }
}
