"""What the service answers, against what its schema says. Run by `cargo xtask test --only schema`.

By hand: `python -m pytest tests/schema`, with JETON_BIN naming the binary if it is not `target/release/jeton`.
"""

import service


def pytest_sessionfinish():
    if service.service.cache_info().currsize:
        service.stop_all()
