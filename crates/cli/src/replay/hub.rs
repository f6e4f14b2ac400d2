//! The hub inside this process: a site with one till, in a folder below the till's.

use std::path::Path;

use suanpan_station::identity::Identity;
use sync_server::store::Site;
use sync_server::{Config, Hub, HubError, RunningHub};

use super::failure::ReplayFailure;

/// The embedded hub's only site and till.
const SITE: &str = "REPLAY";
const TILL: u16 = 1;

/// Serves, and gives a one-time code if the till still needs one.
pub(super) async fn serve(
    data_dir: &Path,
    identity: Option<&Identity>,
) -> Result<(RunningHub, Option<String>), ReplayFailure> {
    let hub = Hub::open(Config::embedded(data_dir.join("hub")))?;
    if identity.is_some_and(|identity| identity.hub_key != hub.public_key()) {
        return Err(ReplayFailure::OtherHub);
    }
    let code = match identity {
        Some(_) => None,
        None => Some(new_code(&hub).await?),
    };
    Ok((hub.serve().await?, code))
}

async fn new_code(hub: &Hub) -> Result<String, ReplayFailure> {
    let site = SITE.parse().map_err(|_| HubError::UnknownSite(SITE.to_owned()))?;
    let name = "Replay".to_owned();
    let site = Site { site, zone: None, name, utc_offset_min: 480, day_starts_min: 240 };
    hub.store().put_site(site.clone()).await.map_err(HubError::from)?;
    Ok(hub.enrol_code(&site.site, TILL).await?)
}
