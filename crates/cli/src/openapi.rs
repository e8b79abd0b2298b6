//! `jeton openapi`: the schema, without a server.

use clap::ValueEnum;
use jeton::{OpenapiVersion, openapi_json, openapi_yaml};

use crate::failure::Failure;
use crate::output;
use crate::site::SiteArgs;

/// Print the OpenAPI schema of what these settings serve, as YAML.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// As JSON.
    #[arg(long)]
    json: bool,
    /// The version of OpenAPI.
    #[arg(long, value_enum, default_value = "3.0")]
    spec: Spec,
}

#[derive(Clone, Copy, ValueEnum)]
enum Spec {
    #[value(name = "3.0")]
    V3_0,
    #[value(name = "3.1")]
    V3_1,
}

pub(crate) fn run(site: &SiteArgs, args: &Args) -> Result<(), Failure> {
    let site = site.load()?;
    let version = match args.spec {
        Spec::V3_0 => OpenapiVersion::V3_0,
        Spec::V3_1 => OpenapiVersion::V3_1,
    };
    if args.json {
        return output::json(&openapi_json(site.settings(), version));
    }
    output::line(openapi_yaml(site.settings(), version).trim_end())
}
