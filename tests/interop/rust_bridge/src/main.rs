//! A stand-alone ROS 2 bridge: the published plugin crate, linked into a Zenoh runtime.
//!
//! `rust-bridge-ros2dds -c FILE` runs until SIGINT or SIGTERM. FILE is Zenoh's JSON5 configuration with the section
//! `plugins/ros2dds`. What the published program forces on its configuration is forced here too.

use std::{env, error::Error, process::exit};

use tokio::signal::unix::{signal, SignalKind};
use zenoh::{
    config::Config,
    internal::{plugins::PluginsManager, runtime::RuntimeBuilder},
};
use zenoh_plugin_ros2dds::ROS2Plugin;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

const PLUGIN: &str = "ros2dds";
const FORCED: [(&str, &str); 3] = [
    ("timestamping/enabled", "true"),
    ("adminspace/enabled", "true"),
    ("plugins_loading/enabled", "true"),
];

fn main() {
    zenoh::init_log_from_env_or("z=info");
    if let Err(error) = configuration().and_then(run) {
        eprintln!("rust-bridge-ros2dds: {error}");
        exit(1);
    }
}

fn configuration() -> Outcome<Config> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [flag, file] = arguments.as_slice() else {
        return Err("usage: rust-bridge-ros2dds -c FILE".into());
    };
    if flag != "-c" {
        return Err(format!("unknown option {flag}").into());
    }
    let mut config = Config::from_file(file)?;
    let section = format!("plugins/{PLUGIN}");
    if config.get_json(&section).is_err() {
        config.insert_json5(&section, "{}")?;
    }
    for (key, value) in FORCED {
        config.insert_json5(key, value)?;
    }
    Ok(config)
}

fn run(config: Config) -> Outcome<()> {
    // The plugin spawns its tasks on the runtime it is started in, and blocks some of them: it needs several threads.
    tokio::runtime::Runtime::new()?.block_on(async {
        let mut plugins = PluginsManager::static_plugins_only();
        plugins.declare_static_plugin::<ROS2Plugin, _>(PLUGIN, true);
        let mut runtime = RuntimeBuilder::new(config)
            .plugins_manager(plugins)
            .build()
            .await?;
        runtime.start().await?;

        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        tokio::select! {
            _ = interrupt.recv() => (),
            _ = terminate.recv() => (),
        }
        // At once: the plugin has no way to stop, and panics when Zenoh is closed under it.
        exit(0)
    })
}
