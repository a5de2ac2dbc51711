#pragma once

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <mutex>
#include <thread>

// Runs numbered tasks on a few threads. One caller at a time: TensorFlow's eager kernels run one after the other.
class Pool {
 public:
  static Pool& instance() {
    static Pool* pool = new Pool();  // Never destroyed, because its threads wait until the process exits.
    return *pool;
  }

  // Runs tasks 0 ... tasks - 1 and waits for them. `work` is a rough number of operations; small work runs on the calling thread.
  void run(int tasks, double work, const std::function<void(int)>& task) {
    if (tasks <= 1 || threads_ <= 1 || work < 60000) {
      for (int i = 0; i < tasks; i++) task(i);
      return;
    }
    std::lock_guard<std::mutex> user(user_);
    start();
    {
      std::lock_guard<std::mutex> lock(mutex_);
      task_ = &task;
      tasks_ = tasks;
      next_.store(0);
      open_ = true;
      round_++;
    }
    wake_.notify_all();
    take();
    // A thread that has not woken up yet finds the round closed, so that nobody waits for it on a busy machine.
    std::unique_lock<std::mutex> lock(mutex_);
    open_ = false;
    done_.wait(lock, [this] { return active_ == 0; });
    task_ = nullptr;
  }

 private:
  Pool() {
    const char* wanted = std::getenv("TF_NUM_INTRAOP_THREADS");
    int count = wanted == nullptr ? 0 : std::atoi(wanted);
    if (count <= 0) count = static_cast<int>(std::thread::hardware_concurrency());
    threads_ = std::max(1, std::min(count, 64));
  }

  void start() {
    for (; workers_ + 1 < threads_; workers_++) std::thread([this] { loop(); }).detach();
  }

  void take() {
    for (int i = next_.fetch_add(1); i < tasks_; i = next_.fetch_add(1)) (*task_)(i);
  }

  void loop() {
    uint64_t seen = 0;
    std::unique_lock<std::mutex> lock(mutex_);
    for (;;) {
      wake_.wait(lock, [&] { return open_ && round_ != seen; });
      seen = round_;
      active_++;
      lock.unlock();
      take();
      lock.lock();
      if (--active_ == 0) done_.notify_one();
    }
  }

  std::mutex user_, mutex_;
  std::condition_variable wake_, done_;
  const std::function<void(int)>* task_ = nullptr;
  std::atomic<int> next_{0};
  int tasks_ = 0, active_ = 0, workers_ = 0, threads_ = 1;
  bool open_ = false;
  uint64_t round_ = 0;
};
