//! Korean for pages: what stands around answers, and what views say of themselves.

pub(super) const PAGES: &[(&str, &str)] = &[
    // Around every page.
    ("Skip to the content", "본문으로 건너뛰기"),
    ("Site", "사이트"),
    ("API documentation", "API 문서"),
    ("Not Found", "찾을 수 없음"),
    ("There is nothing at this address.", "이 주소에는 아무것도 없습니다."),
    // Browsable pages.
    ("Request", "요청"),
    ("Response", "응답"),
    ("Signed in as {username}.", "{username} 님으로 로그인했습니다."),
    ("Send {method}", "{method} 보내기"),
    ("The same with curl", "같은 요청을 curl로"),
    // Labels.
    ("Refresh", "갱신 토큰"),
    ("Refresh token", "갱신 토큰"),
    ("All my tokens", "내 토큰 모두"),
    ("Email address", "이메일 주소"),
    // What views say of themselves: other tokens.
    (
        "A username and a password for a token that names you.",
        "사용자 이름과 비밀번호로 당신이 누구인지 말해 주는 토큰을 받습니다.",
    ),
    ("Whom the token in the header names.", "헤더의 토큰이 누구의 것인지 알려 줍니다."),
    (
        "A username and a password for a key that opens doors until it is taken back.",
        "사용자 이름과 비밀번호로, 거두어들일 때까지 쓸 수 있는 키를 받습니다.",
    ),
    // The first administrator.
    ("Make the first administrator", "첫 관리자 만들기"),
    (
        "The setup code was printed on the terminal when the server started.",
        "설정 코드는 서버가 시작될 때 터미널에 출력되었습니다.",
    ),
    ("Setup code", "설정 코드"),
    ("Make administrator", "관리자 만들기"),
    ("Administrator made", "관리자를 만들었습니다"),
    ("Welcome, {username}.", "{username} 님, 환영합니다."),
    (
        "You are this server’s administrator. Sign in with your new password:",
        "이제 이 서버의 관리자입니다. 새 비밀번호로 로그인하세요:",
    ),
    ("Code, username and password are all needed.", "코드, 사용자 이름, 비밀번호를 모두 입력해야 합니다."),
    ("The database is not available.", "데이터베이스를 사용할 수 없습니다."),
    (
        "The setup code is not valid. Restart the server for a new one, or run `jeton createsuperuser`.",
        "설정 코드가 맞지 않습니다. 서버를 다시 시작해 새 코드를 받거나 `jeton createsuperuser`를 실행하세요.",
    ),
    // What views do.
    ("A username and a password for a session cookie.", "사용자 이름과 비밀번호로 세션 쿠키를 받습니다."),
    ("Ends the session.", "세션을 끝냅니다."),
    (
        "A username and a password for an access token, and for a refresh token in a cookie.",
        "사용자 이름과 비밀번호로 접근 토큰을 받습니다. 갱신 토큰은 쿠키에 담깁니다.",
    ),
    ("The refresh token in the cookie for a new access token.", "쿠키의 갱신 토큰으로 새 접근 토큰을 받습니다."),
    ("Ends the refresh token in the cookie, and deletes the cookie.", "쿠키의 갱신 토큰을 끝내고 쿠키를 지웁니다."),
    (
        "Makes a user and signs them in: an access token, and a refresh token in a cookie.",
        "사용자를 만들고 로그인합니다. 접근 토큰을 받고, 갱신 토큰은 쿠키에 담깁니다.",
    ),
    (
        "A username and a password for a pair of tokens: one that opens doors for minutes, and one that gets new ones.",
        "사용자 이름과 비밀번호를 토큰 한 쌍으로 바꿉니다. 하나는 몇 분 동안 문을 열고, 하나는 새 토큰을 받아 옵니다.",
    ),
    (
        "A refresh token for a new access token, and where tokens rotate for its own successor.",
        "갱신 토큰으로 새 접근 토큰을 받습니다. 토큰이 회전하는 곳에서는 다음 갱신 토큰도 함께 받습니다.",
    ),
    (
        "Whether a token is good. What it is good for is not told.",
        "토큰이 유효한지 알려 줍니다. 어디에 쓸 수 있는지는 알려 주지 않습니다.",
    ),
    ("Ends a refresh token.", "갱신 토큰을 끝냅니다."),
    (
        "A username and a password for one token that opens doors and renews itself.",
        "사용자 이름과 비밀번호를, 문도 열고 스스로 갱신도 되는 토큰 하나로 바꿉니다.",
    ),
    (
        "A sliding token for itself with a later end, while its window is open.",
        "갱신 기간이 남아 있는 동안 슬라이딩 토큰의 만료를 뒤로 미룹니다.",
    ),
    (
        "Ends the refresh token in `refresh_token`, or with `all` every one of yours.",
        "`refresh_token`에 든 갱신 토큰을 끝냅니다. `all`이 있으면 내 토큰을 모두 끝냅니다.",
    ),
    ("Where you are signed in, the newest first.", "로그인한 기기를 최근 순으로 보여 줍니다."),
    (
        "Ends one of your sign-ins, this one or another.",
        "내 로그인 하나를 끝냅니다. 지금 쓰는 로그인도 끝낼 수 있습니다.",
    ),
    ("Who you are, as far as your credentials tell.", "인증 정보가 말해 주는 만큼, 내가 누구인지 알려 줍니다."),
];
