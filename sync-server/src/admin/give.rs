use super::local;
use super::order::{Done, Order, Refused};
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
        Ok(self.carry_out(Hub::open(config)?.store()).await?)
    }
}
