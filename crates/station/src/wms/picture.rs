//! Puts the whole picture of a warehouse desk together.

use suanpan_contract::wms::{DeskView, Prompt, Screen, StatusView};
use suanpan_contract::{DiskView, NetworkView, PrinterView};
use suanpan_domain::catalogue::Role;

use super::kinds::{Asked, Core};
use crate::role::Unenrolled;

pub(crate) fn view(core: &Core) -> DeskView {
    let (shop, desk) = (&core.shop, &core.desk);
    DeskView {
        revision: core.revision,
        language: shop.settings.language,
        screen: match () {
            () if !shop.book.has_arrived => Screen::Waiting,
            () if desk.person.is_none() => Screen::SignIn,
            () => Screen::Desk,
        },
        status: StatusView {
            site: shop.book.settings.name.clone(),
            desk: shop.till,
            person: desk.person.as_ref().map(|person| person.name.clone()),
            now_ms: core.clock.now_ms(),
            utc_offset_min: shop.book.settings.utc_offset_min,
            printer: shop.printer,
            network: shop.network.view.clone(),
            to_come: shop.to_come(),
            disk: shop.disk_view(),
        },
        message: desk.message.clone(),
        prompt: desk.asked.as_ref().map(prompt),
    }
}

fn prompt(asked: &Asked) -> Prompt {
    match asked {
        Asked::Confirm { say, .. } => Prompt::Confirm { code: say.code, args: say.args.clone() },
        Asked::Approve { wanted, .. } => Prompt::Approve {
            action: wanted.action,
            needs_manager: wanted.role == Role::Manager,
            about: Box::new(wanted.about.clone()),
        },
        Asked::Own(nothing) => match *nothing {},
    }
}

/// The picture of a machine that is no desk yet.
pub(crate) fn unenrolled(machine: Unenrolled) -> DeskView {
    let Unenrolled { revision, now_ms, language, message } = machine;
    DeskView {
        revision,
        language,
        screen: Screen::Enrol,
        status: StatusView {
            site: String::new(),
            desk: 0,
            person: None,
            now_ms,
            utc_offset_min: 480,
            printer: PrinterView::None,
            network: NetworkView::Offline { since: String::new(), held: 0, why: None },
            to_come: None,
            disk: DiskView::Enough,
        },
        message,
        prompt: None,
    }
}
