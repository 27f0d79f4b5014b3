import { resolve } from 'node:path';
import type { AuditExportTarget } from '../../platform/config/audit-export.js';
import type { AuditSink } from './audit-sink.js';
import { FileSink } from './file-sink.js';
import { SyslogStreamSink } from './syslog-stream-sink.js';
import { SyslogUdpSink } from './syslog-udp-sink.js';

export function toSink(target: AuditExportTarget): AuditSink {
  switch (target.kind) {
    case 'file':
      return new FileSink(resolve(target.path));
    case 'udp':
      return new SyslogUdpSink(target.host, target.port);
    default:
      return new SyslogStreamSink(target.host, target.port, target.kind === 'tls');
  }
}
