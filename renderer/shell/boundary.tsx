// Keeps a fault inside one screen: the shell stays usable, and the notice says what to do.
import { Component, type ReactNode } from 'react';
import { ErrorNotice } from '../components/notice.tsx';

export class Boundary extends Component<{ children: ReactNode }, { error: unknown }> {
  override state: { error: unknown } = { error: null };

  static getDerivedStateFromError(error: unknown) {
    return { error };
  }

  override render() {
    if (!this.state.error) return this.props.children;
    return (
      <div className="screen">
        <h1 tabIndex={-1}>This screen stopped</h1>
        <ErrorNotice error={this.state.error} onRetry={() => this.setState({ error: null })} />
      </div>
    );
  }
}
