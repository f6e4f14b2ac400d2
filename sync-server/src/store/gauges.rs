use super::models::lacking;
use super::sql::values;
use super::{Gauges, Store, StoreError, postgres};

impl Store {
    /// Whether the database answers, and which of the servers over which its tables are spread do not: the tills of all others
    /// go on.
    ///
    /// *Errors:* the store's.
    pub async fn servers_down(&self) -> Result<Vec<String>, StoreError> {
        let is_shared = self.is_shared();
        let all = self.read(move |sql| {
            sql.only("select value from meta where key = 'epoch'", values![], |_| Ok(()))?;
            if is_shared { postgres::servers(sql) } else { Ok(Vec::new()) }
        });
        let mut down = Vec::new();
        for (name, port) in all.await? {
            let server = format!("{name}:{port}");
            let answers = self.read(move |sql| postgres::answers(sql, (&name, port)));
            if !matches!(answers.await, Ok(true)) {
                down.push(server);
            }
        }
        Ok(down)
    }

    /// How the store stands.
    ///
    /// *Errors:* the store's.
    pub async fn gauges(&self) -> Result<Gauges, StoreError> {
        self.read(|connection| {
            let lacking = lacking(connection)?.into_iter().min();
            connection.only(
                "select (select cast(value as bigint) from meta where key = 'epoch'),
                        (select count(*) from pending)
                          + (select count(*) from (select 1 from stamp where gseq > ? limit 1000) lacking),
                        (select cast(coalesce(sum(entries), 0) as bigint) from parked_count),
                        (select count(*) from station),
                        (select cast(value as bigint) - 1 from meta where key = 'next_gseq')",
                values![lacking.unwrap_or(i64::MAX.unsigned_abs())],
                |row| {
                    Ok(Gauges {
                        epoch: row.get(0)?,
                        pending: row.get(1)?,
                        parked: row.get(2)?,
                        stations: row.get(3)?,
                        gseq: row.get(4)?,
                    })
                },
            )
        })
        .await
    }
}
