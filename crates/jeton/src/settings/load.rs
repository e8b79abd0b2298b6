//! Loading settings: all sections, then what one section alone cannot tell.

use jeton_token::secret::Secret;

use super::given::Wrong;
use super::reader::Reader;
use super::{
    AuthTokens, Authentication, Compatibility, Cookies, Cors, Csrf, Database, Devices, HandMade, Keys, Languages,
    Ledger, Limits, Log, Nodes, Origin, Passwords, Problem, Problems, Redis, Server, Sessions, Settings, Signup,
    SimpleJwt, Sources, Urls, Usernames, Wire,
};

/// Settings that can be used, and what is to be known about them.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Loaded {
    /// The settings.
    pub settings: Settings,
    /// What is odd, but has a meaning.
    pub warnings: Vec<Problem>,
    /// Every setting with its value and who gave it, in the order of the default file.
    pub origins: Vec<Origin>,
}

impl Settings {
    /// Reads all sources; later ones win: defaults of the stance, file, environment, flags.
    ///
    /// ```
    /// use jeton::settings::{Settings, Sources};
    ///
    /// let environment = vec![
    ///     ("JETON_SECRET_KEY".to_owned(), "a secret of at least thirty-two bytes".to_owned()),
    ///     ("JETON_SIMPLE_JWT__ACCESS_TOKEN_LIFETIME".to_owned(), "10m".to_owned()),
    /// ];
    /// let loaded = Settings::load(&Sources { environment, ..Sources::default() })?;
    /// assert_eq!(loaded.settings.simple_jwt.access_token_lifetime.as_secs(), 600);
    /// # Ok::<(), jeton::settings::Problems>(())
    /// ```
    pub fn load(sources: &Sources) -> Result<Loaded, Problems> {
        let mut reader = Reader::new(sources);
        if !reader.errors.is_empty() {
            return Err(Problems { errors: reader.errors, warnings: Vec::new() });
        }
        let settings = Self::read(&mut reader);
        reader.report_unknown();
        match reader.errors.is_empty() {
            true => Ok(Loaded { settings, warnings: reader.warnings, origins: reader.origins }),
            false => Err(Problems { errors: reader.errors, warnings: reader.warnings }),
        }
    }

    pub(super) fn read(reader: &mut Reader) -> Self {
        let mut top = reader.section("");
        let compatibility = top.read(
            "compatibility",
            "The stance: safe, or exact for the answers of Django with Simple JWT. It chooses defaults and nothing else.",
            Compatibility::Safe,
        );
        let secret_key = top.secret(
            "secret_key",
            "The site's secret, at least 32 bytes; Django's SECRET_KEY where tokens are shared with it.",
            "secret_key_file",
            "A file that holds the secret; a relative path counts from the folder of this file.",
        );
        let is_named = |key| top.given(key).is_some_and(|given| given.as_text() != Some(""));
        if !["secret_key", "secret_key_file"].into_iter().any(is_named) {
            let wrong = Wrong::new(
                "there is no secret to sign with",
                "Run `jeton init`, or set secret_key or secret_key_file.",
            );
            top.refuse("secret_key", wrong);
        }
        let allow_short_signing_key = top.read(
            "allow_short_signing_key",
            "Whether a signing secret of less than 32 bytes may be used. It can be guessed.",
            compatibility == Compatibility::Exact,
        );
        let strict_tokens = top.read(
            "strict_tokens",
            "Whether tokens that break the standards in ways Simple JWT overlooks are refused, whoever signed them.",
            compatibility == Compatibility::Safe,
        );
        let secret_key = secret_key.unwrap_or_else(|| Secret::from(""));
        let server = Server::read(reader, compatibility);
        let database = Database::read(reader);
        let simple_jwt = SimpleJwt::read(reader, &secret_key);
        let urls = Urls::read(reader);
        let hand_made = HandMade::read(reader, compatibility);
        let csrf = Csrf::read(reader, compatibility);
        let settings = Self {
            compatibility,
            secret_key,
            strict_tokens,
            server,
            database,
            wire: Wire::read(reader, &simple_jwt),
            ledger: Ledger::read(reader, compatibility),
            nodes: Nodes::read(reader, compatibility),
            authentication: Authentication::read(reader),
            sessions: Sessions::read(reader, compatibility),
            auth_tokens: AuthTokens::read(reader, compatibility),
            devices: Devices::read(reader),
            passwords: Passwords::read(reader, compatibility),
            usernames: Usernames::read(reader, compatibility),
            signup: Signup::read(reader),
            cookies: Cookies::read(reader, compatibility, &urls),
            limits: Limits::read(reader, compatibility),
            keys: Keys::read(reader),
            redis: Redis::read(reader),
            urls,
            cors: Cors::read(reader, &[&simple_jwt.auth_header_name, &hand_made.header, &csrf.header_name]),
            hand_made,
            csrf,
            languages: Languages::read(reader, compatibility),
            log: Log::read(reader),
            simple_jwt,
        };
        settings.check_together(reader, allow_short_signing_key);
        settings
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::settings::{
        Audience, LogFormat, PreferredHash, SettingsFile, Source, TokenClass, UserAttribute, ValueSource,
        VerifyBlacklist,
    };

    const SECRET: &str = "secret_key = \"0123456789-0123456789-0123456789-0123456789\"\n";

    fn sources(text: &str) -> Sources {
        let file = SettingsFile { path: "/etc/jeton/jeton.toml".into(), text: format!("{SECRET}{text}") };
        Sources { file: Some(file), ..Sources::default() }
    }

    fn load(text: &str) -> Loaded {
        Settings::load(&sources(text)).unwrap_or_else(|problems| panic!("{problems}"))
    }

    fn errors(text: &str) -> Vec<String> {
        let problems = Settings::load(&sources(text)).expect_err("settings that are wrong");
        problems.errors.iter().map(Problem::to_string).collect()
    }

    fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
        list.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn an_empty_file_gives_the_defaults_of_the_stance() {
        for (text, compatibility) in [("", Compatibility::Safe), ("compatibility = \"exact\"", Compatibility::Exact)] {
            let loaded = load(text);
            let new = Settings::new(compatibility, loaded.settings.secret_key.clone());
            let in_etc = Database::file("/etc/jeton/jeton-data/jeton.db".into());
            assert_eq!(format!("{:?}", Settings { database: in_etc, ..new }), format!("{:?}", loaded.settings));
            assert_eq!(loaded.warnings, []);
        }
    }

    #[test]
    fn the_stances_differ_in_defaults_alone() {
        let (safe, exact) = (load("").settings, load("compatibility = \"exact\"").settings);
        assert_eq!(format!("{:?}", safe.simple_jwt), format!("{:?}", exact.simple_jwt));
        assert!(safe.ledger.reuse_detection && !exact.ledger.reuse_detection);
        assert_eq!(exact.ledger.verify_consults_blacklist, VerifyBlacklist::WhenBlacklistAfterRotation);
        assert_eq!((safe.passwords.preferred, safe.passwords.trim), (PreferredHash::Argon2, false));
        assert_eq!((exact.passwords.preferred, exact.passwords.trim), (PreferredHash::Pbkdf2Sha256, true));
        let mixed = load("compatibility = \"exact\"\n[ledger]\nREUSE_DETECTION = true\n").settings.ledger;
        assert!(mixed.reuse_detection && !mixed.ending_wins);
    }

    #[test]
    fn flags_win_over_the_environment_and_that_over_the_file() {
        let mut sources =
            sources("[simple_jwt]\nACCESS_TOKEN_LIFETIME = \"1m\"\nREFRESH_TOKEN_LIFETIME = \"1h\"\nLEEWAY = 1\n");
        sources.environment = pairs(&[
            ("HOME", "/root"),
            ("JETON_SIMPLE_JWT__ACCESS_TOKEN_LIFETIME", "2m"),
            ("JETON_SIMPLE_JWT__REFRESH_TOKEN_LIFETIME", "2h"),
            ("JETON_LOG__FORMAT", "json"),
        ]);
        sources.flags =
            pairs(&[("simple_jwt.ACCESS_TOKEN_LIFETIME", "9m"), ("simple_jwt.access_token_lifetime", "3m")]);
        let loaded = Settings::load(&sources).unwrap();
        let simple_jwt = &loaded.settings.simple_jwt;
        assert_eq!(simple_jwt.access_token_lifetime, Duration::from_secs(180));
        assert_eq!(simple_jwt.refresh_token_lifetime, Duration::from_secs(7200));
        assert_eq!(simple_jwt.leeway, Duration::from_secs(1));
        assert_eq!(loaded.settings.log.format, LogFormat::Json);
        let origin = |path: &str| loaded.origins.iter().find(|origin| origin.path == path).unwrap();
        assert_eq!(origin("simple_jwt.ACCESS_TOKEN_LIFETIME").source, Source::Flag);
        let refresh = origin("simple_jwt.REFRESH_TOKEN_LIFETIME");
        assert_eq!(refresh.source, Source::Environment("JETON_SIMPLE_JWT__REFRESH_TOKEN_LIFETIME".into()));
        assert_eq!(refresh.value, "\"2h\"");
        assert_eq!(origin("simple_jwt.LEEWAY").source, Source::File(5));
        assert_eq!(origin("simple_jwt.ISSUER").source, Source::Default);
        assert_eq!(origin("secret_key").value, "(secret)");
    }

    #[test]
    fn the_environment_reaches_lists_nulls_and_declared_claims() {
        let mut sources = sources("[simple_jwt.claims]\nteam = \"red\"\nemail = \"user.email\"\n");
        sources.environment = pairs(&[
            ("JETON_SIMPLE_JWT__AUDIENCE", "[\"web\", \"mobile\"]"),
            ("JETON_SIMPLE_JWT__ISSUER", "https://issuer.example"),
            ("JETON_SIMPLE_JWT__TOKEN_TYPE_CLAIM", ""),
            ("JETON_SIMPLE_JWT__CLAIMS__TEAM", "blue"),
            ("JETON_SIMPLE_JWT__CLAIMS__TENANT", "7"),
            ("JETON_SIMPLE_JWT__RESPONSE__REFRESH__NAME", "user.username"),
        ]);
        let simple_jwt = Settings::load(&sources).unwrap().settings.simple_jwt;
        assert_eq!(simple_jwt.audience, Some(Audience::Many(vec!["web".into(), "mobile".into()])));
        assert_eq!(simple_jwt.issuer.as_deref(), Some("https://issuer.example"));
        assert_eq!(simple_jwt.token_type_claim, None);
        assert_eq!(
            simple_jwt.claims,
            [
                ("team".to_owned(), ValueSource::Literal("blue".into())),
                ("email".to_owned(), ValueSource::User(UserAttribute::Email)),
                ("tenant".to_owned(), ValueSource::Literal(7.into())),
            ]
        );
        assert_eq!(simple_jwt.response.refresh, [("name".to_owned(), ValueSource::User(UserAttribute::Username))]);
        assert_eq!(simple_jwt.response.obtain, []);
    }

    #[test]
    fn all_problems_come_at_once_each_with_its_path_and_what_to_do() {
        let errors = errors(
            "[server]\nlisten = \"localhost\"\n[simple_jwt]\nACCESS_TOKEN_LIFETIME = \"5x\"\nROTATE_REFERSH_TOKENS = true\n\
             ALGORITHM = \"RS255\"\n[database]\nurl = \"mysql://db/x\"\n[cookies]\nsecurity = true\n",
        );
        let expected = [
            "server.listen (line 3): \"localhost\" is not an address and port",
            "database.url (line 9): is not the URL of a database",
            "simple_jwt.ALGORITHM (line 7): \"RS255\" is not one of the words",
            "simple_jwt.ACCESS_TOKEN_LIFETIME (line 5): \"5x\" is not a length of time",
            "simple_jwt.ROTATE_REFERSH_TOKENS (line 6): there is no such setting\n    Did you mean simple_jwt.ROTATE_REFRESH_TOKENS?",
            "cookies.security (line 11): there is no such setting",
        ];
        assert_eq!(errors.len(), expected.len(), "{errors:#?}");
        for (error, start) in errors.iter().zip(expected) {
            assert!(error.starts_with(start), "{error}");
            assert_eq!(error.lines().count(), 2, "{error}");
        }
    }

    #[test]
    fn an_unknown_name_is_an_error_wherever_it_comes_from() {
        let mut sources = sources("");
        sources.environment =
            pairs(&[("JETON_SIMPLE_JWT__LEWAY", "5"), ("JETON_SERVICE_HOST", "10.0.0.1"), ("JETON_COLOUR", "red")]);
        sources.flags = pairs(&[("server.lisen", "127.0.0.1:1")]);
        let problems = Settings::load(&sources).unwrap_err();
        let errors: Vec<_> = problems.errors.iter().map(|problem| problem.path.as_str()).collect();
        assert_eq!(errors, ["server.lisen", "SIMPLE_JWT.LEWAY"]);
        assert_eq!(problems.errors[1].remedy, "Did you mean simple_jwt.LEEWAY?");
        let warnings: Vec<_> = problems.warnings.iter().map(|problem| problem.path.as_str()).collect();
        assert_eq!(warnings, ["COLOUR"]);
    }

    #[test]
    fn a_section_written_as_a_value_or_in_another_case_is_explained() {
        assert!(errors("server = \"127.0.0.1:1\"")[0].contains("Write it as a section: [server]"));
        assert!(errors("[SIMPLE_JWT]\nLEEWAY = 1")[0].contains("Did you mean simple_jwt.LEEWAY?"));
        assert!(errors("[simple_jwt]\nleeway = 1")[0].contains("Did you mean simple_jwt.LEEWAY?"));
        assert!(errors("[simple_jwt]\nclaims = 1")[0].contains("Write a section: [simple_jwt.claims]"));
    }

    #[test]
    fn there_must_be_a_secret_and_no_problem_shows_it() {
        let none = Settings::load(&Sources::default()).unwrap_err();
        assert_eq!(none.errors.len(), 1);
        assert_eq!(none.errors[0].path, "secret_key");
        let environment = pairs(&[("JETON_SECRET_KEY", "hunter2")]);
        let short = Settings::load(&Sources { environment, ..Sources::default() }).unwrap_err();
        assert!(short.to_string().starts_with("secret_key (JETON_SECRET_KEY): the signing secret has 7 bytes"));
        assert!(!format!("{short:?}").contains("hunter2"));
    }

    #[test]
    fn secrets_come_from_files_too_and_the_stronger_source_wins() {
        let folder = tempfile::tempdir().unwrap();
        let (secret, other) = ("a".repeat(40), "b".repeat(40));
        std::fs::write(folder.path().join("key"), format!("{secret}\n")).unwrap();
        let text = "secret_key_file = \"key\"\n".to_owned();
        let file = Some(SettingsFile { path: folder.path().join("jeton.toml"), text });
        let mut sources = Sources { file, ..Sources::default() };
        let load = |sources: &Sources| Settings::load(sources).unwrap().settings;
        assert_eq!(*load(&sources).secret_key.expose(), secret);
        assert_eq!(*load(&sources).simple_jwt.signing_key.expose(), secret);
        sources.environment = pairs(&[("JETON_SECRET_KEY", &other)]);
        assert_eq!(*load(&sources).secret_key.expose(), other);
        sources.environment = pairs(&[("JETON_SIMPLE_JWT__SIGNING_KEY_FILE", "key"), ("JETON_SECRET_KEY", &other)]);
        let settings = load(&sources);
        assert_eq!((settings.secret_key.expose(), settings.simple_jwt.signing_key.expose()), (&other, &secret));
        sources.environment.push(("JETON_SECRET_KEY_FILE".into(), "key".into()));
        let both = Settings::load(&sources).unwrap_err();
        assert!(both.to_string().contains("both secret_key and secret_key_file are set"), "{both}");
        sources.environment = pairs(&[("JETON_SECRET_KEY_FILE", "absent")]);
        let absent = Settings::load(&sources).unwrap_err();
        assert_eq!(absent.errors.len(), 1, "{absent}");
        assert!(absent.to_string().contains("absent cannot be read"), "{absent}");
    }

    #[test]
    fn declared_claims_keep_clear_of_those_that_jeton_writes() {
        let errors = errors(
            "[simple_jwt]\nUSER_ID_CLAIM = \"uid\"\n[simple_jwt.claims]\nuid = 1\nexp = 2\nsub = \"user.id\"\n\
             hash = \"user.password\"\nteam = \"user.team\"\nratio = nan\n[simple_jwt.response]\naccess = \"x\"\n",
        );
        let paths: Vec<_> = errors.iter().map(|error| error.split(' ').next().unwrap()).collect();
        let expected = ["uid", "exp", "hash", "team", "ratio", "sub"].map(|name| format!("simple_jwt.claims.{name}"));
        assert_eq!(paths[..6], expected);
        assert_eq!(paths[6], "simple_jwt.response.access");
    }

    #[test]
    fn header_names_and_token_classes_are_taken_as_simple_jwt_writes_them() {
        let simple_jwt = load(
            "[simple_jwt]\nAUTH_HEADER_NAME = \"HTTP_X_ACCESS_TOKEN\"\nAUTH_HEADER_TYPES = \"JWT\"\n\
             AUTH_TOKEN_CLASSES = [\"rest_framework_simplejwt.tokens.AccessToken\", \"SlidingToken\"]\n",
        );
        assert!(simple_jwt.settings.cors.allowed_headers.contains(&"x-access-token".to_owned()));
        let simple_jwt = simple_jwt.settings.simple_jwt;
        assert_eq!(simple_jwt.auth_header_name, "x-access-token");
        assert_eq!(simple_jwt.auth_header_types, ["JWT"]);
        assert_eq!(simple_jwt.auth_token_classes, [TokenClass::Access, TokenClass::Sliding]);
        let errors = errors(
            "[simple_jwt]\nAUTH_HEADER_NAME = \"Authorization\"\nAUTH_HEADER_TYPES = [\"Bearer token\"]\nAUTH_TOKEN_CLASSES = []\n",
        );
        assert_eq!(errors.len(), 3, "{errors:#?}");
    }
}
