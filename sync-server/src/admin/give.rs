use super::order::{Done, Order, Refused};
use super::{command_of, local};
use crate::config::Config;
use crate::hub::Hub;

impl Order {
    /// Has it carried out by the hub that serves the folder, or does it here.
    ///
    /// *Errors:* what refused it.
    pub async fn give(self, config: Config) -> Result<Done, Refused> {
        if config.database.is_none()
            && let Some(answer) = local::ask(&config.data_dir, &self).await
        {
            return answer;
        }
        let (hub, rebuilds) = (Hub::open(config)?, matches!(self, Order::Rebuild));
        let done = self.carry_out(hub.store(), &command_of(user())).await?;
        if rebuilds {
            hub.add_up().await?;
        }
        Ok(done)
    }
}

/// The user of this machine who runs the command.
fn user() -> Option<u32> {
    #[cfg(unix)]
    return Some(rustix::process::getuid().as_raw());
    #[cfg(not(unix))]
    None
}
