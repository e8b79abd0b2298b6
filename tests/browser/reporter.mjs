// One line for each test, and a last line that other programs can read.
export default class Reporter {
  passed = 0;
  failed = 0;

  printsToStdio() {
    return true;
  }

  onTestEnd(test, result) {
    const good = test.expectedStatus === result.status;
    const title = test.titlePath().filter(Boolean).join(" > ");
    console.log(`${good ? "ok    " : "FAILED"} ${title} (${(result.duration / 1000).toFixed(1)} s)`);
    if (good) {
      this.passed += 1;
      return;
    }
    this.failed += 1;
    for (const error of result.errors) {
      console.log(error.stack ?? error.message ?? error.value);
    }
  }

  onError(error) {
    this.failed += 1;
    console.log(error.stack ?? error.message ?? error.value);
  }

  onEnd() {
    console.log(`${this.passed} passed, ${this.failed} failed`);
  }
}
