// Listens, and keeps the connections.
#pragma once

#include "session.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <map>
#include <memory>
#include <string>

namespace sinter::serve {

struct ServerOptions {
  std::string host = "127.0.0.1";
  uint16_t port = 8080; ///< 0: any that is free
  size_t connections = 256;
  ConnectionLimits limits;
};

class Server {
public:
  /// Listens from now on. Failure (input) if the address is none, or is taken.
  Server(boost::asio::io_context &io, Service &service, ServerOptions options);

  /// http://HOST:PORT
  std::string address() const;
  /// Accepts no more; connections end with the answers that they wait for. Then nothing is left to do for `io`.
  void leave();

private:
  void accept();
  void onAccept(boost::beast::error_code error, boost::asio::ip::tcp::socket socket);

  boost::asio::io_context &io_;
  Service &service_;
  ServerOptions options_;
  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::steady_timer pause_; ///< after an error
  std::map<uint64_t, std::weak_ptr<Session>> sessions_;
  uint64_t next_ = 0;
};

} // namespace sinter::serve
